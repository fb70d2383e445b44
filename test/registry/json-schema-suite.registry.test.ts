// The published JSON Schema test suite, drafts 4 to 2020-12: every case that every validator must pass, and those that may differ, each with
// its reason. "format" is a remark unless asked for, so its optional cases are not tried.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, test } from "node:test";
import { jsonSchemaValidator } from "../../src/schema/json-schema/json-schema-validator.ts";
import type { Draft } from "../../src/schema/json-schema/schema-index.ts";
import { jsonSchemaSuite, missing } from "./prerequisites.ts";

/** Least numbers of cases, so that an empty folder does not pass. */
const DRAFTS: readonly (readonly [folder: string, draft: Draft, cases: number])[] = [
  ["draft4", 4, 570],
  ["draft6", 6, 770],
  ["draft7", 7, 850],
  ["draft2019-09", 2019, 1150],
  ["draft2020-12", 2020, 1150],
];

interface Group {
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
}

/** Parts of "file: group", and why they are judged otherwise here. */
const OTHERWISE: readonly (readonly [what: string, why: string])[] = [
  ["vocabulary.json: schema that uses custom metaschema", "vocabularies of one's own are not looked at: all keywords count"],
];

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && !entry.name.endsWith(".py"))
    .map(({ parentPath, name }) => join(parentPath, name));
}

function documents(suite: string, metaSchemas: string): ReadonlyMap<string, unknown> {
  const remotes = join(suite, "remotes");
  const others = new Map(filesIn(remotes).map((path) => [`http://localhost:1234/${relative(remotes, path)}`, json(path)]));
  for (const path of filesIn(metaSchemas)) {
    const schema = json(path) as { readonly $id?: string; readonly id?: string };
    others.set((schema.$id ?? schema.id!).replace(/#$/, ""), schema);
  }
  return others;
}

describe("the JSON Schema test suite", { skip: missing("python3", "tar") }, () => {
  for (const [folder, draft, least] of DRAFTS)
    test(folder, () => {
      const { suite, metaSchemas } = jsonSchemaSuite();
      const others = documents(suite, metaSchemas);
      const tests = join(suite, "tests", folder);
      const wrong: string[] = [];
      let tried = 0;
      for (const file of readdirSync(tests).filter((name) => name.endsWith(".json")))
        for (const group of json(join(tests, file)) as Group[]) {
          const name = `${file}: ${group.description}`;
          const differs = OTHERWISE.some(([what]) => name.includes(what));
          const check = jsonSchemaValidator(group.schema, { draft, others });
          for (const { description, data, valid } of group.tests) {
            tried++;
            if ((check(data) === undefined) !== valid && !differs) wrong.push(`${name}: ${description}`);
          }
        }
      assert.deepEqual(wrong, []);
      assert.ok(tried >= least, `${tried} cases`);
    });
});
