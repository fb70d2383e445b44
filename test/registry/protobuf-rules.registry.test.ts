// Confluent's own Protobuf rules beside ours: random files and what grew out of them, with an imported file or without (MILLRACE_SEED), their
// verdicts and the two texts under which they are kept. All differences are compared but FIELD_NAMED_TYPE_CHANGED, which there depends on the
// way by which messages that hold each other were reached; it counts where it is the only one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseProtobufSchema } from "../../src/registry/protobuf-format.ts";
import { SchemaParseError } from "../../src/schema/incompatibility.ts";
import {
  changed,
  chooserOf,
  IMPORTED,
  protoTextOf,
  randomFile,
  randomImport,
  type RandomFile,
} from "../../src/schema/fixtures/random-proto.ts";
import { compiled, confluentPlatformJars, missing } from "./prerequisites.ts";

const SOURCE = fileURLToPath(new URL("java/ProtobufRules.java", import.meta.url));
const PAIRS = 3000;
const FILES = 2000;
const NAMED = "FIELD_NAMED_TYPE_CHANGED";

/** A text, and name and text of what it imports. */
type Texts = readonly [text: string, name?: string, imported?: string];

describe("Confluent's Protobuf classes", { skip: missing("java", "javac", "python3") }, () => {
  let directory = "";
  let classPath = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "protobuf-rules-"));
    classPath = compiled(SOURCE, confluentPlatformJars(), directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function theirs(questions: readonly (readonly [what: string, ...files: Texts[]])[]): string[] {
    const base64 = (texts: Texts): string => Buffer.from(texts.join("\0")).toString("base64");
    const input = questions.map(([what, ...files]) => `${[what, ...files.map(base64)].join("\t")}\n`).join("");
    const options = { input, encoding: "utf8", maxBuffer: 1 << 29 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx512m", "-cp", classPath, "ProtobufRules"], options);
    assert.equal(status, 0, stderr);
    return stdout.split("\n").slice(0, questions.length);
  }

  test(`${PAIRS} random pairs of files have the same verdict for the same reasons`, () => {
    const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
    const pairs = Array.from({ length: PAIRS }, (_, n) => randomPair(seed * 1_000_003 + n));
    const expected = theirs(pairs.map(([writer, reader]) => ["rules", writer, reader]));
    const different = pairs.flatMap(([writer, reader], n) => {
      const [ours, told] = [primary(verdict(writer, reader)), primary(expected[n]!)];
      return ours === told ? [] : [`${writer.join("\n")}>>>\n${reader.join("\n")}ours   ${ours}\ntheirs ${told}`];
    });
    const some = different.toSorted((a, b) => a.length - b.length).slice(0, 2);
    assert.equal(different.length, 0, `${different.length} differ, such as\n${some.join("\n")}`);
    assert.ok(expected.filter((each) => each === "").length > PAIRS / 4);
    assert.ok(expected.filter((each) => each !== "" && each !== "refused").length > PAIRS / 4);
  });

  test(`${FILES} random files have the same canonical and the same normalised text`, () => {
    const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
    const files = Array.from({ length: FILES }, (_, n) => randomTexts(seed * 1_000_003 + n));
    const expected = theirs(files.map((file) => ["forms", file]));
    const different = files.flatMap((file, n) => {
      const [ours, told] = [forms(file), formsTold(expected[n]!)];
      return ours === told ? [] : [`${file.join("\n")}ours   ${ours}\ntheirs ${told}`];
    });
    const some = different.toSorted((a, b) => a.length - b.length).slice(0, 2);
    assert.equal(different.length, 0, `${different.length} differ, such as\n${some.join("\n")}`);
    assert.ok(expected.filter((each) => each !== "refused").length > FILES / 2);
  });
});

/** Written in some way, with comments. */
function randomTexts(seed: number): Texts {
  const choose = chooserOf(seed);
  const imported = choose(2) === 0 ? randomImport(choose) : undefined;
  const text = protoTextOf(randomFile(choose, imported), choose);
  return imported === undefined ? [text] : [text, IMPORTED, protoTextOf(imported)];
}

function forms([text, name, imported]: Texts): string {
  try {
    const references = name === undefined ? [] : [{ name, schema: imported!, references: [] }];
    const { canonical, normalized } = parseProtobufSchema(text, references, { rules: true, names: true });
    return `${canonical}\n---\n${normalized()}`;
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    return "refused";
  }
}

function formsTold(answer: string): string {
  if (answer === "refused") return answer;
  return answer
    .split("\t")
    .map((each) => Buffer.from(each, "base64").toString())
    .join("\n---\n");
}

function randomPair(seed: number): readonly [writer: Texts, reader: Texts] {
  const choose = chooserOf(seed);
  const imported = choose(2) === 0 ? randomImport(choose) : undefined;
  const later = imported !== undefined && choose(2) === 0 ? changed(choose, imported) : imported;
  const writer = randomFile(choose, imported);
  return [texts(writer, imported), texts(changed(choose, writer, later), later)];
}

function texts(file: RandomFile, imported: RandomFile | undefined): Texts {
  return imported === undefined ? [protoTextOf(file)] : [protoTextOf(file), IMPORTED, protoTextOf(imported)];
}

function verdict(writer: Texts, reader: Texts): string {
  const parsed = ([text, name, imported]: Texts) =>
    parseProtobufSchema(text, name === undefined ? [] : [{ name, schema: imported!, references: [] }], { rules: false, names: true });
  try {
    const found = parsed(reader).incompatibilities(parsed(writer), { policy: "STRICT" });
    return [...new Set(found.map(({ type, path }) => `${type} #${path}`))].join(",");
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    return "refused";
  }
}

function primary(told: string): string {
  const all = told.split(",").sort();
  const rest = all.filter((each) => !each.startsWith(NAMED));
  return rest.length === 0 ? NAMED : rest.join(",");
}
