import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveSettings, type SettingSources } from "./settings.ts";

const resolve = (sources: Partial<SettingSources>) => resolveSettings({ flags: {}, environment: {}, ...sources });
const originOf = (sources: Partial<SettingSources>, name: string) => resolve(sources).settings.find((s) => s.name === name);

test("a flag wins over the environment, that over the config file, that over the default", () => {
  const all = { flags: { brokerPort: "1" }, environment: { MILLRACE_BROKER_PORT: "2" }, config: { brokerPort: 3 } };
  assert.equal(resolve(all).values.brokerPort, 1);
  assert.equal(resolve({ ...all, flags: {} }).values.brokerPort, 2);
  assert.equal(resolve({ config: all.config }).values.brokerPort, 3);
  assert.equal(resolve({}).values.brokerPort, 9092);
});

test("every value says where it came from", () => {
  assert.deepEqual(originOf({ environment: { KAFKA_BROKERS: "kafka:9092" } }, "brokers"), {
    name: "brokers",
    value: "kafka:9092",
    origin: "environment",
    where: "KAFKA_BROKERS",
    secret: false,
  });
  assert.equal(originOf({ flags: { brokerPort: "0" }, flagNames: { brokerPort: "--port" } }, "brokerPort")?.where, "--port");
  assert.equal(originOf({}, "dataDir")?.origin, "default");
});

test("an empty variable is not set", () => {
  assert.equal(resolve({ environment: { MILLRACE_DATA: "" } }).values.dataDir, ".millrace");
});

test("a value that a setting cannot have is named with its place", () => {
  const cases: [Partial<SettingSources>, RegExp][] = [
    [{ flags: { brokerPort: "ninety" } }, /^--broker-port "ninety": expected a port number/],
    [{ environment: { MILLRACE_CONSOLE_PORT: "65536" } }, /^MILLRACE_CONSOLE_PORT "65536": expected a port/],
    [{ config: { durability: "maybe" as "disk" } }, /^millrace\.config\.ts: durability "maybe": expected disk or page-cache/],
    [{ flags: { parallelism: "0" } }, /^--parallelism "0"/],
  ];
  for (const [sources, message] of cases) assert.throws(() => resolve(sources), { code: "INVALID_SETTING", message });
});

test("a secret is neither read from the config file nor shown in an error", () => {
  assert.equal(resolve({ config: { token: "abcdefghijklmnop" } as object }).values.token, undefined);
  assert.throws(
    () => resolve({ environment: { MILLRACE_TOKEN: "short!" } }),
    (error: Error) => error.message.startsWith("MILLRACE_TOKEN:") && !error.message.includes("short!"),
  );
});
