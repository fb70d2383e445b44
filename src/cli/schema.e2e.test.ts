import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startServer, type Server } from "../server/index.ts";
import { cli, type CliResult } from "./fixtures/cli-process.ts";

let directory = "";
let server: Server;
const schema = (...args: readonly string[]): Promise<CliResult> => cli(["schema", ...args, "--registry", server.registryUrl!]);
const file = (name: string, fields: readonly object[]): string => {
  writeFileSync(join(directory, name), JSON.stringify({ type: "record", name: "Order", fields }));
  return join(directory, name);
};

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-schema-"));
  server = await startServer({
    dataDir: join(directory, "data"),
    brokerPort: 0,
    consolePort: 0,
    registryPort: 0,
    logger: { log: () => {} },
  });
});
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

test("register, ls, get, check, compat, mode and rm, with exit codes that scripts can use", async () => {
  const first = file("first.avsc", [{ name: "id", type: "string" }]);
  const broken = file("broken.avsc", [{ name: "n", type: "int" }]);
  assert.equal((await schema("register", "orders-value", first)).stdout, "1\n");
  assert.deepEqual(JSON.parse((await schema("ls", "--json")).stdout), [{ subject: "orders-value", version: 1, id: 1, type: "AVRO" }]);
  assert.equal((JSON.parse((await schema("get", "orders-value")).stdout) as { name: string }).name, "Order");
  assert.equal((await schema("check", "orders-value", first)).exitCode, 0);
  const refused = await schema("check", "orders-value", broken);
  assert.equal(refused.exitCode, 5);
  assert.match(refused.stdout, /READER_FIELD_MISSING_DEFAULT_VALUE/);
  assert.equal((await schema("register", "orders-value", broken)).exitCode, 5);
  assert.equal((await schema("compat", "orders-value")).stdout, "BACKWARD\n");
  assert.equal((await schema("compat", "orders-value", "none")).stdout, "NONE\n");
  assert.equal((await schema("mode")).stdout, "READWRITE\n");
  assert.equal((await schema("get", "unknown")).exitCode, 3);
  assert.equal((await schema("rm", "orders-value")).stdout, "1\n");
  assert.equal((await schema("get", "orders-value")).exitCode, 3);
});
