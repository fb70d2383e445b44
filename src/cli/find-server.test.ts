import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { resolveSettings, type Settings } from "../server/settings.ts";
import { findBrokers, findServer, runningServer } from "./find-server.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-find-"));
after(() => rmSync(directory, { recursive: true, force: true }));
/** Above the largest process id. */
const NOBODY = 2 ** 22 + 1;

function publish(content: object | string): void {
  writeFileSync(join(directory, "server.json"), typeof content === "string" ? content : JSON.stringify(content));
}
const settings = (environment: Record<string, string> = {}): Settings =>
  resolveSettings({ flags: { dataDir: directory }, environment }).values;
const file = { pid: process.pid, startedAt: 1, brokers: "127.0.0.1:1234", console: "http://127.0.0.1:4400", token: "t" };

test("a live process's file names the server and its brokers", () => {
  publish(file);
  assert.deepEqual(findServer(settings()), { console: "http://127.0.0.1:4400", token: "t" });
  assert.equal(findBrokers(settings()), "127.0.0.1:1234");
});

test("a file of a process that is gone, and a damaged one, are ignored", () => {
  for (const content of [{ ...file, pid: NOBODY }, "{"]) {
    publish(content);
    assert.equal(runningServer(directory), undefined);
    assert.equal(findBrokers(settings()), "127.0.0.1:9092");
    assert.throws(() => findServer(settings()), { exitCode: 4, message: /No server runs on .*Start one with: millrace dev/ });
  }
});

test("a broker alone is found by topic commands and explained to job commands", () => {
  publish({ pid: process.pid, startedAt: 1, brokers: "127.0.0.1:5" });
  assert.equal(findBrokers(settings()), "127.0.0.1:5");
  assert.throws(() => findServer(settings()), { exitCode: 4, message: /Only a broker runs on/ });
});

test("MILLRACE_URL wins over the file, with the token in it or beside it", () => {
  publish(file);
  assert.deepEqual(findServer(settings({ MILLRACE_URL: "http://h:1/?token=abc" })), { console: "http://h:1", token: "abc" });
  assert.deepEqual(findServer(settings({ MILLRACE_URL: "h:1", MILLRACE_TOKEN: "0123456789abcdef" })), {
    console: "http://h:1",
    token: "0123456789abcdef",
  });
  assert.throws(() => findServer(settings({ MILLRACE_URL: "h:1" })), { exitCode: 2, message: /has no token/ });
  assert.equal(findBrokers(settings({ KAFKA_BROKERS: "k:9" })), "k:9");
});
