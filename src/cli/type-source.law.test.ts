// The code that is generated for a type, run, makes the same type again.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType } from "../schema/fixtures/arbitrary-types.ts";
import { t } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { typeModule } from "./type-source.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

/** The last constant of the module: the type itself. Types are taken away, and `t` is given. */
function run(code: string): Schema<unknown> {
  const names = [...code.matchAll(/^export const ([\p{L}\p{N}_$]+) = /gmu)].map((match) => match[1]!);
  const body = code
    .replaceAll(/^export type .*$/gmu, "")
    .replace(/^import .*$/mu, "")
    .replaceAll(/^export const /gmu, "const ");
  return new Function("t", `${body}\nreturn ${names.at(-1)!};`)(t) as Schema<unknown>;
}

test("a type's code gives the type back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => {
      assert.deepEqual(run(typeModule(type, "shop.thing-value")).type, type);
    }),
    { numRuns: 300, ...seed },
  );
});
