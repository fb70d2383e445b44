// millrace registry and the registry of millrace dev as processes: addresses, data that stays, ports in use.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cli, CliProcess } from "./fixtures/cli-process.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-cli-registry-"));
const data = join(directory, "data");
after(() => rmSync(directory, { recursive: true, force: true }));

interface Addresses {
  readonly registry: string;
  readonly bootstrapServers: string;
}

async function running(...args: readonly string[]): Promise<{ readonly process: CliProcess; readonly addresses: Addresses }> {
  const process = new CliProcess([...args, "--data", data, "--json", "--broker-port", "0"]);
  return { process, addresses: JSON.parse((await process.until("stdout", /^.*\n/))[0]) as Addresses };
}

test("a registry alone, then dev on the same data: the schema is there; both end at SIGTERM", async () => {
  const alone = await running("registry", "--port", "0");
  const body = JSON.stringify({ schema: '"string"' });
  const registered = await fetch(`${alone.addresses.registry}/subjects/words/versions`, { method: "POST", body });
  const { id } = (await registered.json()) as { id: number };
  alone.process.signal("SIGTERM");
  assert.equal((await alone.process.ended).exitCode, 0);

  const dev = await running("dev", "--console-port", "0", "--registry-port", "0");
  const found = (await (await fetch(`${dev.addresses.registry}/schemas/ids/${id}`)).json()) as { schema: string };
  assert.equal(found.schema, '"string"');

  const other = await cli(["registry", "--port", "0", "--broker-port", "0", "--data", data]);
  assert.deepEqual([other.exitCode, /in use by process/.test(other.stderr)], [5, true], other.stderr);
  const shared = new CliProcess(["registry", "--port", "0", "--brokers", dev.addresses.bootstrapServers, "--json"]);
  const address = (JSON.parse((await shared.until("stdout", /^.*\n/))[0]) as Addresses).registry;
  assert.equal((await fetch(`${address}/subjects/words/versions/1`)).status, 200);
  shared.signal("SIGTERM");
  await shared.ended;
  dev.process.signal("SIGTERM");
  assert.equal((await dev.process.ended).exitCode, 0);
});

test("a port in use is told with the flag that changes it", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const port = String((holder.address() as AddressInfo).port);
  const { exitCode, stderr } = await cli(["registry", "--port", port, "--broker-port", "0", "--data", join(directory, "held")]);
  assert.deepEqual([exitCode, /registry's port \d+ is in use.*--port N/.test(stderr)], [5, true], stderr);
  await new Promise((resolve) => holder.close(resolve));
});

test("--auth-file: credentials are wanted; a file that is not there or cannot be meant is told", async () => {
  const file = join(directory, "users.json");
  writeFileSync(file, JSON.stringify({ users: { ada: { role: "read", password: "sesame" } } }));
  const wrong = join(directory, "wrong.json");
  writeFileSync(wrong, "{}");
  const args = ["registry", "--port", "0", "--broker-port", "0", "--data", join(directory, "users"), "--json", "--auth-file"];
  const process = new CliProcess([...args, file]);
  const [absent, broken] = await Promise.all([cli([...args, join(directory, "absent.json")]), cli([...args, wrong])]);
  assert.deepEqual(
    [absent.exitCode, broken.exitCode, /no object "users"/.test(broken.stderr)],
    [3, 2, true],
    absent.stderr + broken.stderr,
  );
  const { registry } = JSON.parse((await process.until("stdout", /^.*\n/))[0]) as Addresses;
  const ask = async (authorization?: string): Promise<number> =>
    (await fetch(`${registry}/subjects`, { headers: authorization === undefined ? {} : { authorization } })).status;
  assert.deepEqual([await ask(), await ask(`Basic ${btoa("ada:sesame")}`)], [401, 200]);
  process.signal("SIGTERM");
  assert.equal((await process.ended).exitCode, 0);
});
