import assert from "node:assert/strict";
import { test } from "node:test";
import { decideAccess, tokenCookie, tokenOf, type AccessRequest } from "./access.ts";

const rules = { hosts: new Set(["127.0.0.1:4400", "localhost:4400"]), token: "secret-token" };
const good: AccessRequest = { method: "GET", host: "127.0.0.1:4400", origin: undefined, token: "secret-token", needsToken: true };

test("a request with the right host and token is allowed", () => {
  assert.deepEqual(decideAccess(rules, good), { allow: true });
  assert.deepEqual(decideAccess(rules, { ...good, origin: "http://127.0.0.1:4400" }), { allow: true });
});

test("a foreign or missing host is refused before the token is looked at", () => {
  for (const host of [undefined, "", "evil.example", "127.0.0.1:80", "127.0.0.1"])
    assert.equal((decideAccess(rules, { ...good, host }) as { status: number }).status, 403);
});

test("a foreign origin is refused even with the token", () => {
  for (const origin of ["http://evil.example", "null", "https://127.0.0.1:4400", "http://localhost:4400"])
    assert.equal((decideAccess(rules, { ...good, origin }) as { status: number }).status, 403);
});

test("a missing or wrong token is refused", () => {
  for (const token of [undefined, "", "secret-tokem", "secret-token2"])
    assert.equal((decideAccess(rules, { ...good, token }) as { status: number }).status, 401);
});

test("the token is read from the Authorization header or the cookie", () => {
  assert.equal(tokenOf({ authorization: "Bearer abc" }, "c"), "abc");
  assert.equal(tokenOf({ cookie: "a=b; millrace-token-4400=xyz" }, tokenCookie(4400)), "xyz");
  assert.equal(tokenOf({ authorization: "Basic abc", cookie: "other=1" }, "c"), undefined);
});
