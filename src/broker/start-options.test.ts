// What plain JavaScript gets wrong about startBroker and control is told by name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_APIS } from "./apis/all.ts";
import { Faults, type Fault } from "./faults.ts";
import { checkOptions } from "./start-options.ts";

test("options that are there are taken", () => {
  checkOptions({ memory: true, port: 0 });
  checkOptions({ dataDir: "/data", host: "0.0.0.0", insecure: true, advertised: { host: "a", port: 1 }, logger: { log() {} }, nodeId: 3 });
  checkOptions({
    memory: true,
    port: undefined,
    durability: "disk",
    settings: { "num.partitions": "3" },
    listeners: [{ host: "::1", port: 0 }],
  });
});

test("options that are not, or of another kind, are refused by name", () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /startBroker needs options/],
    [{ memory: true, setings: {} }, /There is no option "setings"; there are dataDir, memory/],
    [{ dataDir: "" }, /dataDir is ""; expected a directory/],
    [{ dataDir: 5 }, /dataDir is 5/],
    [{ memory: true, port: -1 }, /port is -1; expected a whole number from 0/],
    [{ memory: true, port: "9092" }, /port is "9092"/],
    [{ memory: "yes" }, /memory is "yes"; expected true or false/],
    [{ memory: true, durability: "fsync" }, /durability is "fsync"; expected "disk" or "page-cache"/],
    [{ memory: true, settings: { "num.partitions": 3 } }, /settings is .*; expected texts by name/],
    [{ memory: true, advertised: "me:9092" }, /advertised is "me:9092"; expected \{ host, port \}/],
    [{ memory: true, logger: console.log }, /logger is a function; expected/],
  ];
  for (const [options, message] of cases) assert.throws(() => checkOptions(options), { code: "INVALID_BROKER_OPTIONS", message });
});

test("faults that are none are refused by name", () => {
  const add = (fault: unknown, api = "Produce") => new Faults().add(api as "Produce", fault as Fault<"Produce">);
  const cases: [unknown, RegExp, string?][] = [
    [undefined, /Produce: a fault is an object of delayMs/],
    [{ delay: 5 }, /a fault has no "delay"; it has delayMs/],
    [{ error: "BOGUS" }, /error is "BOGUS"; expected one of Kafka's errors/],
    [{ delayMs: -1 }, /delayMs is -1/],
    [{ delayMs: "5" }, /delayMs is "5"/],
    [{ drop: "both" }, /drop is "both"; expected "request" or "answer"/],
    [{ times: 0 }, /times is 0; expected a whole number from 1/],
    [{ respond: {} }, /respond is \{\}; expected a function/],
    [{ delayMs: 1 }, /There is no API "Produze"/, "Produze"],
  ];
  for (const [fault, message, api] of cases) assert.throws(() => add(fault, api), { code: "INVALID_FAULT", message });
});

test("each API can be refused with an error", () => {
  for (const { api } of ALL_APIS) new Faults().add(api.name, { error: "REQUEST_TIMED_OUT" });
});
