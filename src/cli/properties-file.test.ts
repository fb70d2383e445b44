import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProperties } from "./properties-file.ts";

test("names and values are separated by =, : or blanks; comments and empty lines are nothing", () => {
  assert.deepEqual(parseProperties("# c\n! c\n\nnum.partitions=4\n a : b \r\nx y z\nempty=\nalone\n"), {
    "num.partitions": "4",
    a: "b ",
    x: "y z",
    empty: "",
    alone: "",
  });
});

test("a backslash continues a line and escapes a character", () => {
  assert.deepEqual(parseProperties("list=a,\\\n   b,\\\n   c\nk\\=ey=v\\:1\\u0041\\t|\npath=C:\\\\x\\\\"), {
    list: "a,b,c",
    "k=ey": "v:1A\t|",
    path: "C:\\x\\",
  });
});

test("no name reaches the prototype", () => {
  const parsed = parseProperties("__proto__=x");
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype);
  assert.equal(Object.entries(parsed)[0]![1], "x");
});
