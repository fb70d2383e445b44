// Our tables against Apache Kafka's machine-readable ones, field by field. They lie beside the checkout; elsewhere this is skipped with one
// line, with CI=true a missing folder fails.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Field, parseFields } from "./tables/field.ts";
import { APIS, MESSAGES } from "./tables/all.ts";
import type { Fields, MessageOptions } from "./tables/table.ts";
import { includes, parseOptionalVersions, parseVersions, type Versions } from "./tables/versions.ts";

const REFERENCE = new URL("../../../shared/kafka-messages/", import.meta.url);
const present = existsSync(REFERENCE);

interface ReferenceField {
  name: string;
  type: string;
  versions: string;
  nullableVersions?: string;
  taggedVersions?: string;
  tag?: number;
  default?: string | number | boolean;
  ignorable?: boolean | string;
  fields?: ReferenceField[];
}

interface ReferenceMessage {
  apiKey?: number;
  name: string;
  validVersions: string;
  flexibleVersions: string;
  latestVersionUnstable?: boolean;
  fields: ReferenceField[];
  commonStructs?: { name: string; fields: ReferenceField[] }[];
}

function readReference(name: string): ReferenceMessage {
  const text = readFileSync(new URL(`${name}.json`, REFERENCE), "utf8");
  return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, "")) as ReferenceMessage;
}

/** Both ranges, cut to the versions we serve, as text that can be compared. */
function within(versions: Versions | undefined, served: Versions): string {
  const list: number[] = [];
  for (let version = served.from; version <= served.to; version++) if (includes(versions, version)) list.push(version);
  return list.join(",");
}

function compareMessage(name: string, fields: Fields, options: MessageOptions): void {
  const reference = readReference(name);
  const served = parseVersions(options.versions);
  const valid = parseVersions(reference.validVersions);
  assert.deepEqual(served, valid, `${name}: we serve ${options.versions} of ${reference.validVersions}`);
  const flexible = [options.flexible, reference.flexibleVersions].map((text) => within(parseOptionalVersions(text), served));
  assert.equal(flexible[0], flexible[1], `${name}: flexible versions`);
  const unstable = reference.latestVersionUnstable === true && served.to === valid.to;
  if (name.endsWith("Request")) assert.equal(options.latestUnstable ?? false, unstable, `${name}: latest version unstable`);
  const structs = new Map(reference.commonStructs?.map((struct) => [struct.name, struct.fields]));
  compareFields(name, parseFields(fields), reference.fields, structs, served);
}

/** Structs whose names differ: request and response of one API have different structs of one name there. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["DescribeQuorumRequest.topics", "TopicRequest"],
  ["DescribeQuorumRequest.topics.partitions", "PartitionRequest"],
]);

function compareFields(
  path: string,
  ours: readonly Field[],
  reference: readonly ReferenceField[],
  structs: ReadonlyMap<string, ReferenceField[]>,
  served: Versions,
): void {
  const relevant = reference.filter((field) => within(parseOptionalVersions(field.versions), served) !== "");
  assert.deepEqual(
    ours.map((field) => field.name),
    relevant.map((field) => field.name[0]!.toLowerCase() + field.name.slice(1)),
    `${path}: names and order of fields`,
  );
  relevant.forEach((theirs, index) => compareField(`${path}.${ours[index]!.name}`, ours[index]!, theirs, structs, served));
}

function compareField(
  path: string,
  ours: Field,
  theirs: ReferenceField,
  structs: ReadonlyMap<string, ReferenceField[]>,
  served: Versions,
): void {
  const base = theirs.type.replace("[]", "");
  assert.equal(ours.many, theirs.type.startsWith("[]"), `${path}: list or not`);
  assert.equal(ours.type === "struct" ? ours.structName : ours.type, RENAMED.get(path) ?? base, `${path}: type`);
  const versions = parseVersions(theirs.versions);
  assert.equal(within(ours.versions, served), within(versions, served), `${path}: versions`);
  const nullable = theirs.nullableVersions === undefined ? undefined : parseOptionalVersions(theirs.nullableVersions);
  const present = Array.from({ length: served.to - served.from + 1 }, (_, i) => served.from + i).filter((v) => includes(versions, v));
  for (const version of present) {
    assert.equal(includes(ours.nullable, version), includes(nullable, version), `${path}: null allowed in version ${version}`);
    const tagged = theirs.taggedVersions !== undefined && includes(parseVersions(theirs.taggedVersions), version);
    assert.equal(ours.tag !== undefined, tagged, `${path}: tagged in version ${version}`);
  }
  assert.equal(ours.tag, theirs.tag, `${path}: tag`);
  assert.equal(ours.ignorable, String(theirs.ignorable ?? false) === "true", `${path}: ignorable`);
  if (ours.type !== "struct" || theirs.default !== undefined) {
    assert.equal(comparableDefault(ours.defaultValue, ours), comparableDefault(theirs.default, ours), `${path}: default`);
  }
  const inner = theirs.fields ?? structs.get(base);
  assert.equal(ours.fields === undefined, inner === undefined, `${path}: struct or not`);
  if (inner) compareFields(path, parseFields(ours.fields!), inner, structs, served);
}

/** "", 0, "0", "0x0" and a missing default of a number are the same. */
function comparableDefault(value: string | number | boolean | null | undefined, field: Field): string {
  if (value === null || value === "null") return "null";
  if (field.type.startsWith("int")) return String(Number(value ?? 0));
  return String(value ?? (field.type === "bool" ? "false" : ""));
}

describe(
  "our tables and Apache Kafka's",
  { skip: !present && process.env["CI"] !== "true" && "../shared/kafka-messages is not there" },
  () => {
    it("lie side by side", () => assert.ok(present, "../shared/kafka-messages is missing"));
    for (const api of APIS) {
      it(`agree on ${api.name}`, () => {
        assert.equal(api.key, readReference(`${api.name}Request`).apiKey);
        compareMessage(`${api.name}Request`, api.request, api);
        compareMessage(`${api.name}Response`, api.response, api);
      });
    }
    for (const message of MESSAGES) it(`agree on ${message.name}`, () => compareMessage(message.name, message.fields, message));
  },
);
