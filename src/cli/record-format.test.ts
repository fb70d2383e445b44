import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFormat, type TailedRecord } from "./record-format.ts";

const record: TailedRecord = {
  topic: "orders",
  partition: 3,
  offset: 42,
  timestamp: 1_700_000_000_000,
  key: Buffer.from("k1"),
  value: Uint8Array.of(0xff, 0x00, 0x41),
  headers: [
    { key: "a", value: Buffer.from("1") },
    { key: "b", value: null },
  ],
};
const text = (format: string, of = record): string => Buffer.from(compileFormat(format)(of)).toString("latin1");

test("every field of the format stands for its part of the record", () => {
  assert.equal(text("%t %p %o %T %k %h %K %S%%\\n"), "orders 3 42 1700000000000 k1 a=1,b=NULL 2 3%\n");
});

test("values go out byte for byte", () => {
  assert.equal(text("<%v>"), "<\xff\x00A>");
  assert.equal(text("%s"), text("%v"));
  const headers = [
    { key: "é", value: Uint8Array.of(0xff) },
    { key: "b", value: new Uint8Array(0) },
  ];
  assert.equal(text("%h", { ...record, headers }), "\xc3\xa9=\xff,b=");
});

test("a size can go out as a big-endian int32, as kcat's %R, so that a program can cut the stream", () => {
  assert.equal(text("%R%s"), "\0\0\0\x03\xff\x00A");
  assert.equal(text("%R", { ...record, value: null }), "\xff\xff\xff\xff");
});

test("rpk's names of value size, time and number of headers are known, too", () => {
  assert.equal(text("%V %d %H"), "3 1700000000000 2");
});

test("a missing key or value is empty, and its size −1", () => {
  const empty = { ...record, key: null, value: null };
  assert.equal(text("[%k][%v] %K %S", empty), "[][] -1 -1");
});

test("escapes are control characters, and what is no escape stays", () => {
  assert.equal(text("\\t\\x41\\\\\\q|\\"), "\tA\\\\q|\\");
});

test("an unknown field is a usage error that lists the known ones", () => {
  assert.throws(() => compileFormat("%z"), { name: "CliError", exitCode: 2, message: /there is no %z\. Use %t/ });
});
