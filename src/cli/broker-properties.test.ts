import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerOptionsOf, parseListener } from "./broker-properties.ts";

test("places become options, the rest stays settings", () => {
  assert.deepEqual(
    brokerOptionsOf(
      {
        listeners: "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": "PLAINTEXT://kafka:9092",
        "log.dirs": "/data",
        "num.partitions": "3",
      },
      "server.properties",
    ),
    {
      listener: { host: "0.0.0.0", port: 9092 },
      advertised: { host: "kafka", port: 9092 },
      dataDir: "/data",
      settings: { "num.partitions": "3" },
    },
  );
});

test("listeners are host and port, with or without PLAINTEXT://", () => {
  assert.deepEqual(parseListener("localhost:0", "--listener"), { host: "localhost", port: 0 });
  assert.deepEqual(parseListener("plaintext://[::1]:9092", "--listener"), { host: "::1", port: 9092 });
});

test("what cannot be served is refused with an example", () => {
  for (const text of ["localhost", "SSL://h:1", "h:99999", "http://h:1/x", ""])
    assert.throws(() => parseListener(text, "--listener"), { exitCode: 2 });
  assert.throws(() => brokerOptionsOf({ listeners: "PLAINTEXT://a:1,PLAINTEXT://b:2" }, "f"), { exitCode: 2, message: /one listener/ });
  assert.throws(() => brokerOptionsOf({ "log.dirs": "/a,/b" }, "f"), { exitCode: 2, message: /several directories/ });
});
