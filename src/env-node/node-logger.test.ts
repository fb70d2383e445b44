// What a log line looks like, what stays out of it, and that one event cannot flood it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "./node-logger.ts";

test("a text line says time, level, event and fields, and a field cannot forge another line", () => {
  const lines: string[] = [];
  const logger = createLogger(
    {},
    (line) => lines.push(line),
    () => 0,
  );
  logger.log("warn", "connection-lost", {
    peer: "10.0.0.1:9092",
    reason: "bad\n1970 ERROR forged",
    error: Object.assign(new Error("no"), { code: "ECONNRESET" }),
    gone: undefined,
  });
  assert.deepEqual(lines, [
    '1970-01-01T00:00:00.000Z WARN  connection-lost peer=10.0.0.1:9092 reason="bad\\n1970 ERROR forged" error="ECONNRESET: no"\n',
  ]);
});

test("a JSON line is one object; bigints and errors survive; fields do not replace time, level and event", () => {
  const lines: string[] = [];
  createLogger(
    { logFormat: "json" },
    (line) => lines.push(line),
    () => 0,
  ).log("error", "flush-failed", { bytes: 3n, event: "other", cause: new Error("disk") });
  const value = JSON.parse(lines[0]!) as { event: string; bytes: string; cause: { message: string } };
  assert.equal(value.event, "flush-failed");
  assert.equal(value.bytes, "3");
  assert.equal(value.cause.message, "disk");
});

test("levels below the threshold are left out", () => {
  const lines: string[] = [];
  const logger = createLogger(
    { logLevel: "warn" },
    (line) => lines.push(line),
    () => 0,
  );
  for (const level of ["debug", "info", "warn", "error"] as const) logger.log(level, level);
  assert.deepEqual(
    lines.map((line) => line.trimEnd().split(" ").at(-1)),
    ["warn", "error"],
  );
});

test("an event that repeats too fast is cut off, and the number left out is said later", () => {
  const lines: string[] = [];
  let time = 0;
  const logger = createLogger(
    {},
    (line) => lines.push(line),
    () => time,
  );
  for (let i = 0; i < 1000; i++) logger.log("info", "refused");
  logger.log("info", "other");
  assert.equal(lines.length, 51);
  time = 10_000;
  logger.log("info", "refused");
  assert.match(lines.at(-1)!, /refused suppressed=950$/m);
});
