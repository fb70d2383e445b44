// The .proto texts that topics register, as written and in both forms in which the registry keeps texts, are read by the parser under Confluent's
// Protobuf serialisers and registry (Wire) as they are read here: packages, messages, fields with numbers, labels and oneofs. Random types
// (MILLRACE_SEED), and texts that both refuse or both take.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parseProtobufSchema } from "../../src/registry/protobuf-format.ts";
import { anyRecord } from "../../src/schema/fixtures/arbitrary-types.ts";
import { SchemaParseError } from "../../src/schema/incompatibility.ts";
import { parseProtobuf } from "../../src/schema/protobuf/parse-protobuf.ts";
import { protoText } from "../../src/schema/protobuf/type-to-proto.ts";
import { compiled, missing, wireJars } from "./prerequisites.ts";

const TYPES = 1000;
const SOURCE = fileURLToPath(new URL("java/ProtoShapes.java", import.meta.url));

/** Written by hand: what the language has beside what topics write. */
const TEXTS = [
  'syntax = "proto3"; package a.b; message M { map<string, N> m = 1; message N { repeated int32 x = 2 [packed = false]; } }',
  'syntax = "proto2"; message M { required string a = 1 [default = "x"]; extensions 100 to 199; }',
  'syntax = "proto2"; message M { extensions 100 to max; reserved 3, 5 to 7; reserved "old"; optional bool a = 1; }',
  'syntax = "proto3"; message M { oneof o { string a = 1; int64 b = 2; } optional int32 c = 3; }',
  'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp at = 1; .google.protobuf.Timestamp to = 2; }',
  'syntax = "proto3"; enum E { option allow_alias = true; A = 0; B = 0; } message M { E e = 1; }',
  'syntax = "proto3"; service S { rpc Do (M) returns (stream M) { option deprecated = true; } } message M { string a = 1; }',
  "message M { optional string a = 1; } // no syntax",
  'syntax = "proto3"; message M { string a = 1; string a2 = 0x10; string message = 3; }',
  'syntax = "proto3"; message M {',
  'syntax = "proto3"; message M { string a; }',
  "{}",
];

function shape(text: string): string {
  try {
    const { package: space, types } = parseProtobuf(text);
    const lines = [...types.values()].flatMap((type) => {
      if (type.kind === "enum") return [`enum ${type.localName}`];
      const fields = type.fields.map(({ name, tag, label, labelled, type: of, keyType, oneof }) => {
        const written = keyType === undefined ? of : `map<${keyType}, ${of}>`;
        return `${type.localName}#${tag} ${labelled ? label : ""} ${written} ${name} ${oneof ?? ""}`;
      });
      return [type.localName, ...fields];
    });
    return `${space}|${lines.sort().join("|")}`;
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    return "refused";
  }
}

function theirs(texts: readonly string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "proto-shapes-"));
  try {
    const classPath = compiled(SOURCE, wireJars(), directory);
    const input = texts.map((text) => `${Buffer.from(text).toString("base64")}\n`).join("");
    const options = { input, encoding: "utf8", maxBuffer: 1 << 28 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx512m", "-cp", classPath, "ProtoShapes"], options);
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test(`the texts of ${TYPES} random types are read as Confluent's serialisers read them`, { skip: missing("java", "javac", "mvn") }, () => {
  const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
  const written = fc.sample(anyRecord, { numRuns: TYPES, seed }).map(({ type }) => protoText(type));
  const texts = [...written, ...TEXTS].flatMap((text) => {
    if (shape(text) === "refused") return [text];
    const { canonical, normalized } = parseProtobufSchema(text, [], { rules: true, names: true });
    return [text, canonical, normalized()];
  });
  const expected = theirs(texts);
  assert.equal(expected.length, texts.length);
  const different = texts.flatMap((text, i) =>
    shape(text) === expected[i] ? [] : [`${text}\n  ours   ${shape(text)}\n  theirs ${expected[i]}`],
  );
  assert.equal(
    different.length,
    0,
    `${different.length} differ, such as\n${different
      .toSorted((a, b) => a.length - b.length)
      .slice(0, 4)
      .join("\n")}`,
  );
});
