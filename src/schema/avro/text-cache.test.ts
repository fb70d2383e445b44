// What the cache answers is what the bytes say, whatever it saw before; and where texts do not come again it stops looking for a while.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TextCache } from "./text-cache.ts";

const encoder = new TextEncoder();

test("texts that come again, that collide, that are no ASCII", () => {
  const cache = new TextCache();
  for (let i = 0; i < 5000; i++) {
    // Few texts, equal at the places that choose the slot.
    const text = `merchant ${"abcdefgh"[i % 8]} of the ${i % 3 === 0 ? "é" : "e"}ast side`;
    const bytes = encoder.encode(`--${text}`);
    const found = cache.get(bytes, 2, bytes.length - 2);
    assert.ok(found === undefined || found === text, `${found}`);
  }
  const bytes = encoder.encode("merchant a of the east side");
  const fresh = new TextCache();
  for (let i = 0; i < 2000; i++) assert.equal(fresh.get(bytes, 0, bytes.length), "merchant a of the east side");
});

test("bytes that are no UTF-8, and texts that are too long, are left to who asked", () => {
  const cache = new TextCache();
  const broken = Uint8Array.from([...encoder.encode("seventeen letters"), 0xff]);
  for (let i = 0; i < 3; i++) assert.equal(cache.get(broken, 0, broken.length), undefined);
  assert.equal(cache.get(encoder.encode("x".repeat(65)), 0, 65), undefined);
});

test("a field of texts that never come again is not looked up for long", () => {
  const cache = new TextCache();
  let answered = 0;
  for (let i = 0; i < 20_000; i++)
    if (cache.get(encoder.encode(`a text of its own ${i}`), 0, 18 + String(i).length) !== undefined) answered++;
  assert.ok(answered <= 513, `${answered}`);
});
