// Confluent's own rules for JSON Schema beside ours, where somebody has its classes (confluent-classes.ts): verdicts for random pairs of all
// drafts with what both compare, never laxer ones for pairs with what only we compare, and the texts under which schemas are kept, plain and
// normalised. Random schemas (MILLRACE_SEED). docs/schema-compatibility.md lists what differs, and why.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parseJsonSchemaText } from "../../src/registry/json-schema-format.ts";
import { chooser, draws } from "../../src/schema/fixtures/arbitrary-avro.ts";
import { evolvedJsonSchema, jsonSchemaDocument, type SchemaDraft } from "../../src/schema/fixtures/arbitrary-json-schema.ts";
import { SchemaParseError } from "../../src/schema/incompatibility.ts";
import { jsonSchemaIncompatibilities } from "../../src/schema/json-schema/json-schema-compatibility.ts";
import { parseJsonSchema, type Located, type SchemaDocument } from "../../src/schema/json-schema/json-schema-document.ts";
import { confluentClasses, withoutConfluent } from "./confluent-classes.ts";
import { compiled } from "./prerequisites.ts";

const SOURCE = fileURLToPath(new URL("java/JsonSchemaVerdicts.java", import.meta.url));
const PAIRS = 4000;
const TEXTS = 2000;
/** Of a thousand pairs: those that the listed differences touch, up to draft 7 and since. */
const LISTED = 3;
const LISTED_SINCE_2019 = 100;
const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
const OTHER = "other.json";

interface Pair {
  readonly reader: string;
  readonly writer: string;
  readonly references: Readonly<Record<string, string>>;
  readonly lenient: boolean;
}

interface Answer {
  readonly found?: readonly string[];
  readonly refused?: string;
  readonly canonical?: string;
  readonly normalized?: string;
}

const needs = ["io.confluent.kafka.schemaregistry.json.JsonSchema", "io.confluent.kafka.schemaregistry.json.diff.SchemaDiff"];

describe("Confluent's rules for JSON Schema", { skip: withoutConfluent("Confluent's rules for JSON Schema", ...needs) }, () => {
  let directory = "";
  let classPath = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "millrace-json-verdicts-"));
    classPath = compiled(SOURCE, confluentClasses(), directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function ask(questions: readonly object[]): Answer[] {
    const input = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
    const options = { input, encoding: "utf8", maxBuffer: 1 << 28, timeout: 300_000 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx512m", "-cp", classPath, "JsonSchemaVerdicts"], options);
    assert.equal(status, 0, stderr);
    const answers = stdout.trim().split("\n");
    assert.equal(answers.length, questions.length);
    return answers.map((line) => JSON.parse(line) as Answer);
  }

  for (const [drafts, listed] of [
    [[4, 6, 7], LISTED],
    [[2019, 2020], LISTED_SINCE_2019],
  ] as const)
    test(`${PAIRS} pairs of drafts ${drafts.join(", ")} have the same verdicts, but where it is listed`, () => {
      const pairs = randomPairs(drafts, true);
      const { compared, compatible, different, otherReasons } = compare(pairs, ask(pairs));
      console.log(`# ${compared} compared, ${compatible} compatible, ${different.length} differ, ${otherReasons.length} for other reasons`);
      const examples = different.slice(0, 3).join("\n");
      assert.ok(different.length <= (compared * listed) / 1000, `${different.length} of ${compared} differ, such as\n${examples}`);
      assert.ok(otherReasons.length <= (compared * listed) / 1000, otherReasons.slice(0, 3).join("\n"));
      assert.ok(compared > PAIRS * 0.7 && compatible > PAIRS / 10);
    });

  test("pairs with what only we compare are never taken where Confluent refuses", () => {
    const pairs = randomPairs([4, 6, 7], false);
    const { compared, different } = compare(pairs, ask(pairs));
    const laxer = different.filter((each) => each.startsWith("ours: compatible"));
    assert.ok(laxer.length <= compared / 100, `${laxer.length} of ${compared} are taken, such as\n${laxer.slice(0, 3).join("\n")}`);
  });

  test(`${TEXTS} texts are kept as Confluent's registry keeps them`, () => {
    const texts = randomTexts();
    const answers = ask(texts.map((text) => ({ text })));
    const different = texts.flatMap((text, i) => {
      const { refused, canonical, normalized } = answers[i]!;
      if (refused !== undefined) return [];
      const parsed = parseJsonSchemaText(text, [], { rules: true, names: true });
      return parsed.canonical === canonical && parsed.normalized() === normalized ? [] : [`${text}\n  ${parsed.canonical}\n  ${canonical}`];
    });
    assert.deepEqual(different.slice(0, 3), [], `${different.length} differ`);
    assert.ok(answers.filter(({ refused }) => refused === undefined).length > TEXTS / 2);
  });
});

function randomPairs(drafts: readonly SchemaDraft[], plain: boolean): Pair[] {
  return fc.sample(draws, { numRuns: PAIRS, seed }).map((numbers, i) => {
    const choose = chooser(numbers);
    const draft = drafts[i % drafts.length]!;
    const other = i % 3 === 0 ? jsonSchemaDocument(draft, choose, { plain }) : undefined;
    const options = { plain, others: other === undefined ? [] : [OTHER] };
    const writer = jsonSchemaDocument(draft, choose, options);
    let reader = writer;
    for (let changes = 1 + choose(3); changes > 0; changes--) reader = evolvedJsonSchema(reader, draft, choose, options);
    const references: Record<string, string> = other === undefined ? {} : { [OTHER]: JSON.stringify(other) };
    return { reader: JSON.stringify(reader), writer: JSON.stringify(writer), references, lenient: i % 4 === 0 };
  });
}

interface Comparison {
  readonly compared: number;
  readonly compatible: number;
  /** Verdicts. */
  readonly different: readonly string[];
  /** Both say no, and for other reasons, or of other places. */
  readonly otherReasons: readonly string[];
}

/** What the other refuses (a value null beside "const", a keyword twice in its own printing) is not compared. */
function compare(pairs: readonly Pair[], answers: readonly Answer[]): Comparison {
  let [compared, compatible] = [0, 0];
  const [different, otherReasons]: [string[], string[]] = [[], []];
  for (const [i, pair] of pairs.entries()) {
    const theirs = answers[i]!.found;
    if (theirs === undefined) continue;
    compared++;
    const ours = verdict(pair);
    if (ours.length === 0) compatible++;
    const say = (found: readonly string[]): string => (found.length === 0 ? "compatible" : [...new Set(found)].toSorted().join(", "));
    if (say(ours) === say(theirs)) continue;
    const both = ours.length > 0 && theirs.length > 0;
    (both ? otherReasons : different).push(`ours: ${say(ours)}, theirs: ${say(theirs)}: ${JSON.stringify(pair)}`);
  }
  const byLength = (a: string, b: string): number => a.length - b.length;
  return { compared, compatible, different: different.toSorted(byLength), otherReasons: otherReasons.toSorted(byLength) };
}

function verdict({ reader, writer, references, lenient }: Pair): string[] {
  const located = (text: string): Located => {
    const others = new Map<string, SchemaDocument>();
    for (const [name, other] of Object.entries(references)) others.set(name, { root: parseJsonSchema(other), others });
    const document = { root: parseJsonSchema(text), others };
    return { schema: document.root, document };
  };
  return jsonSchemaIncompatibilities(located(reader), located(writer), lenient).map(({ type, path }) => `${type} #${path}`);
}

const ODD = [
  "1.0",
  "1e3",
  "100000000000000000000",
  "0.10",
  "-0",
  "-0.0",
  "1E-7",
  "12345678901234567890.123",
  '"a\\u00e9\\/\\n\\t"',
  '"\\u0007\\u2028é😀"',
  '"\\ud83d\\ude00"',
  '{"b":1,"10":2,"9":3,"":4,"é":5,"\\uffff":6,"b":7}',
  '"<&>\'\\u007f"',
  "[ ]",
];

/** As clients write them: with spaces or without, with escapes and numbers that can be written in several ways. */
function randomTexts(): string[] {
  const drafts: readonly SchemaDraft[] = [4, 6, 7, 2019, 2020];
  return fc.sample(draws, { numRuns: TEXTS, seed: seed + 1 }).flatMap((numbers, i) => {
    const choose = chooser(numbers);
    const schema = { ...jsonSchemaDocument(drafts[i % drafts.length]!, choose), "x-odd": 0 };
    const text = JSON.stringify(schema, null, choose(2) * 2).replace(/"x-odd":( ?)0/, `"x-odd":$1${ODD[choose(ODD.length)]!}`);
    return isRefused(text) ? [] : [text];
  });
}

function isRefused(text: string): boolean {
  try {
    parseJsonSchemaText(text, [], { rules: true, names: true });
    return false;
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    return true;
  }
}
