import assert from "node:assert/strict";
import { test } from "node:test";
import { listenerPlaces, parseListener } from "./broker-listeners.ts";

const where = { listeners: "--listener", advertised: "--advertised-listener" };
const parse = (text: string) => parseListener(text, "--listener");

test("listeners are host and port, with or without a name", () => {
  assert.deepEqual(parse("localhost:0"), { name: "PLAINTEXT", host: "localhost", port: 0 });
  assert.deepEqual(parse("plaintext://[::1]:9092"), { name: "PLAINTEXT", host: "::1", port: 9092 });
  assert.deepEqual(parse("Inside_2://:9092"), { name: "INSIDE_2", host: "0.0.0.0", port: 9092 });
});

test("what cannot be served is refused with an example", () => {
  for (const text of ["localhost", "SSL://h:1", "SASL_PLAINTEXT://h:1", "h:99999", "http://h:1/x", "http://h:1", ""])
    assert.throws(() => parse(text), { exitCode: 2 }, text);
});

test("each listener tells its clients the address that has its name", () => {
  const places = listenerPlaces([parse("IN://127.0.0.1:1"), parse("OUT://127.0.0.1:2")], [parse("OUT://kafka:9")], where);
  assert.deepEqual(places, [
    { name: "IN", host: "127.0.0.1", port: 1 },
    { name: "OUT", host: "127.0.0.1", port: 2, advertised: { host: "kafka", port: 9 } },
  ]);
});

test("two listeners of one name, and an address for none, are refused", () => {
  assert.throws(() => listenerPlaces([parse("a:1"), parse("b:2")], [], where), {
    exitCode: 2,
    message: /two addresses have the name PLAINTEXT/,
  });
  assert.throws(() => listenerPlaces([parse("IN://a:1")], [parse("b:2")], where), {
    exitCode: 2,
    message: /no listener is named PLAINTEXT; there is IN/,
  });
});
