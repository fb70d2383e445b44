// What schema gen ts prints compiles under the strictest settings, whatever types and fields are called.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType } from "../schema/fixtures/arbitrary-types.ts";
import { t } from "../schema/t.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { typeScriptOfAll } from "./schema-source.ts";
import { typeModuleOfAll } from "./type-source.ts";

const root = join(import.meta.dirname, "..", "..");
const SETTINGS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  noEmit: true,
  skipLibCheck: true,
  target: "es2024",
  lib: ["es2024", "esnext"],
  module: "nodenext",
  allowImportingTsExtensions: true,
  types: [],
  paths: { millrace: [join(root, "src", "schema", "fixtures", "generated-imports.ts")] },
};

/** Compiles the modules; what the compiler says. */
function compiled(modules: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-generated-"));
  try {
    modules.forEach((text, index) => writeFileSync(join(directory, `m${index}.ts`), text));
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions: SETTINGS, include: ["*.ts"] }));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", directory, "--pretty", "false"], { encoding: "utf8" });
    return stdout + stderr;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Both ways of saying the types. */
function bothWays(types: ReadonlyMap<string, TypeInfo>): string[] {
  return [typeModuleOfAll(types), typeScriptOfAll(types)];
}

const FIELDS = ["class", "default", "a-b", "0", "1st", "ünï", "日本", "with space", 'qu"ote', "back\\slash", "line\nbreak", "\u2028", "${x}", "*/", "__proto__", "constructor", "toString", "then", "$", "_"]; // prettier-ignore
const NAMES = ["class", "Infer", "t", "T", "Uint8Array", "ReadonlyMap", "Map", "Array", "Record", "string", "undefined", "shop.Order", "_", "Größe", "日本", "Object", "a.b.Order", "never", "await"]; // prettier-ignore
const fields = Object.fromEntries(FIELDS.map((name) => [name, t.optional(t.bytes())]));
const ugly = NAMES.flatMap((name) => {
  const Named = t.record(name, { ["__proto__"]: t.map(t.string(), t.bytes()), age: t.duration(), ...fields });
  return [Named.type, t.array(Named).type, t.record("Outer", { a: Named, b: t.record(name, { other: t.int() }) }).type];
});

test("names that mean something to TypeScript", () => {
  const own = ["order-value", "Infer", "1-value", "日本", "t", "uint8Array"];
  const modules = own.flatMap((name) => bothWays(new Map([[name, t.array(t.record("Order", { x: t.union(t.string(), t.array(t.long())) })).type]]))); // prettier-ignore
  const together = new Map([...ugly.entries()].map(([index, type]) => [`export${index}`, type]));
  const each = ugly.flatMap((type) => bothWays(new Map([["orders-value", type]])));
  assert.equal(compiled([...modules, ...each, ...bothWays(together)]), "");
});

test("random types", () => {
  const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
  const types = fc.sample(fc.oneof(anyType, anyRecord), { numRuns: 60, ...seed }).map(({ type }) => type);
  const together = new Map(types.map((type, index) => [`type-${index}`, type] as const));
  assert.equal(compiled([...types.flatMap((type) => bothWays(new Map([["orders-value", type]]))), ...bothWays(together)]), "");
});
