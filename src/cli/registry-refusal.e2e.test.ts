// Mistakes with millrace schema …: each sentence says what there is instead, or what to type next.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { schemaCommands } from "./fixtures/schema-commands-world.ts";

const world = schemaCommands();
const { schema, file, order } = world;
let first = "";

async function prepare(): Promise<void> {
  if (first !== "") return;
  first = order("refusals.avsc", [{ name: "id", type: "string" }]);
  for (const subject of ["parts-value", "gone-value"]) assert.equal((await schema("register", subject, first)).exitCode, 0);
  const user = file("user.avsc", '{"type":"array","items":"Order"}');
  assert.equal((await schema("register", "users-value", user, "--reference", "Order=parts-value:1")).exitCode, 0);
  await schema("rm", "gone-value");
}

async function refused(exitCode: number, sentence: RegExp, ...args: readonly string[]): Promise<void> {
  const result = await schema(...args);
  assert.deepEqual([result.exitCode, result.stdout], [exitCode, ""], `${args.join(" ")}: ${result.stderr}`);
  assert.match(result.stderr, sentence);
  assert.equal(result.stderr.split("\n").length, 2, "one line");
}

test("a subject, a version or a schema that is not there", async () => {
  await prepare();
  await refused(3, /has no subject "part-value"\. Did you mean "parts-value"\?\n$/, "get", "part-value");
  await refused(3, /has no subject "quite-another"\. Those that there are: millrace schema ls\.\n$/, "diff", "quite-another");
  await refused(3, /"gone-value" is deleted\. .*millrace schema rm gone-value --permanent ends it\.\n$/, "get", "gone-value");
  await refused(3, /'gone-value' is deleted already\. --permanent deletes it for good\.\n$/, "rm", "gone-value");
  await refused(3, /"parts-value" has no version 7\. It has 1\.\n$/, "get", "parts-value", "--version", "7");
  await refused(3, /Schema 999 not found\. The registry is http:/, "get", "--id", "999");
});

test("what is referred to, and what refers to nothing", async () => {
  await prepare();
  await refused(2, /"users-value" version 1 refers to subject "parts-value"\. What refers to it is deleted first/, "rm", "parts-value");
  const user = file("lost.avsc", '{"type":"array","items":"Elsewhere"}');
  await refused(2, /there is no type "Elsewhere"\. .*--reference NAME=SUBJECT:VERSION\.\n$/, "register", "lost-value", user);
  await refused(2, /^millrace: Invalid schema: The schema is not JSON: .*\n$/, "register", "lost-value", file("x.avsc", "x\ny\n"));
});

test("files in the place of subjects and modules", async () => {
  await prepare();
  await refused(3, /is a file, and neither a module nor a subject\. .*millrace schema register SUBJECT /, "gen", "ts", first);
  await refused(3, /^millrace: There is no module nothing\.ts\.\n$/, "gen", "avro", "nothing.ts");
});

test("a level or a mode alone is set for all subjects", async () => {
  assert.equal((await schema("compat", "full_transitive", "-q")).stdout, "FULL_TRANSITIVE\n");
  assert.equal((await schema("compat", "parts-value")).stdout, "FULL_TRANSITIVE\n");
  assert.match((await schema("compat", "BACKWARD")).stderr, /holds for all subjects/);
  assert.equal((await schema("mode", "readonly")).stdout, "READONLY\n");
  assert.deepEqual([(await schema("mode")).stdout, (await schema("mode", "READWRITE")).stdout], ["READONLY\n", "READWRITE\n"]);
});

test("an address that is none, or of something else", async () => {
  await refused(
    2,
    /"localhost:8081" is not the address of a registry\. Write http:\/\/HOST:PORT\.\n$/,
    "ls",
    "--registry",
    "localhost:8081",
  );
  const page = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => page.once("listening", resolve));
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  await refused(1, /answered 200, and not as a schema registry does\. Is it the address of one\?\n$/, "ls", "--registry", url);
  page.close();
});
