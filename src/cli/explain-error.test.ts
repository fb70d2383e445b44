import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientError } from "../client/errors.ts";
import { CliError } from "./cli-error.ts";
import { explainError } from "./explain-error.ts";

test("a code decides the exit code", () => {
  const cases: [string, number][] = [
    ["UNKNOWN_TOPIC_OR_PARTITION", 3],
    ["TOPIC_ALREADY_EXISTS", 5],
    ["TIMED_OUT", 4],
    ["PORT_IN_USE", 5],
    ["INVALID_SETTING", 2],
    ["JOB_FAILED", 10],
    ["SOMETHING_ELSE", 1],
  ];
  for (const [code, exitCode] of cases) assert.equal(explainError(new ClientError(code, "It failed.")).exitCode, exitCode, code);
});

test("an unreachable broker comes with what to type next", () => {
  const { exitCode, message } = explainError(new ClientError("BROKER_UNREACHABLE", "No broker answers at 127.0.0.1:1"));
  assert.equal(exitCode, 4);
  assert.equal(message, "No broker answers at 127.0.0.1:1. Start one with: millrace dev, or name another: --brokers HOST:PORT.");
});

test("damage in the log comes with what can be done about it", () => {
  const { exitCode, message } = explainError(new ClientError("TIMED_OUT", "The last try: CORRUPT_MESSAGE: A wrong checksum."));
  assert.equal(exitCode, 1);
  assert.match(message, /CORRUPT_MESSAGE.*what is behind them can be read \(-o OFFSET\).*millrace log repair/);
});

test("whatever was thrown becomes one line", () => {
  assert.deepEqual(explainError(new CliError(3, "No such file.")), { exitCode: 3, message: "No such file." });
  assert.deepEqual(explainError("odd"), { exitCode: 1, message: "odd." });
  assert.deepEqual(explainError(new Error("first\n  second")), { exitCode: 1, message: "first second." });
  assert.deepEqual(explainError(new TypeError("")), { exitCode: 1, message: "TypeError." });
  assert.deepEqual(explainError(undefined), { exitCode: 1, message: "undefined." });
});
