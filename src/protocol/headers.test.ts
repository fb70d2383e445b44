import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { ALL_APIS, API_KEYS, apiByKey, apiByName, knowsVersion, readWholeRequest, readWholeResponse } from "./apis.ts";
import { readRequestHeader, readResponseHeader, writeRequestHeader, writeResponseHeader } from "./headers.ts";

function hex(write: (w: ByteWriter) => void): string {
  const w = new ByteWriter();
  write(w);
  return Buffer.from(w.finish()).toString("hex");
}

describe("request headers", () => {
  it("have no tagged fields before the message is flexible", () => {
    const header = { apiKey: API_KEYS.Fetch, apiVersion: 11, correlationId: 7, clientId: "me" };
    assert.equal(
      hex((w) => writeRequestHeader(w, header)),
      "0001000b0000000700026d65",
    );
  });

  it("keep the old client id and gain tagged fields when the message is flexible", () => {
    const header = { apiKey: API_KEYS.Fetch, apiVersion: 12, correlationId: 7, clientId: null };
    const text = hex((w) => writeRequestHeader(w, header));
    assert.equal(text, "0001000c00000007ffff00");
    assert.deepEqual(readRequestHeader(new ByteReader(Buffer.from(text, "hex"))), header);
  });

  it("skip tagged fields they do not know", () => {
    const r = new ByteReader(Buffer.from("0001000c00000007ffff020503aabbcc060099", "hex"));
    assert.equal(readRequestHeader(r).correlationId, 7);
    assert.equal(r.uint8(), 0x99);
  });

  it("of an unknown version or key can be read up to the client id, so that an answer is possible", () => {
    for (const apiKey of [API_KEYS.ApiVersions, 999]) {
      const header = { apiKey, apiVersion: 99, correlationId: 3, clientId: "x" };
      assert.deepEqual(
        readRequestHeader(
          new ByteReader(
            Buffer.from(
              hex((w) => writeRequestHeader(w, header)),
              "hex",
            ),
          ),
        ),
        header,
      );
    }
  });
});

describe("response headers", () => {
  it("are flexible with their message", () => {
    assert.equal(
      hex((w) => writeResponseHeader(w, 5, API_KEYS.Metadata, 8)),
      "00000005",
    );
    assert.equal(
      hex((w) => writeResponseHeader(w, 5, API_KEYS.Metadata, 9)),
      "0000000500",
    );
    assert.equal(readResponseHeader(new ByteReader(Buffer.from("0000000500", "hex")), API_KEYS.Metadata, 9), 5);
  });

  it("of ApiVersions stay old in every version", () => {
    assert.equal(
      hex((w) => writeResponseHeader(w, 5, API_KEYS.ApiVersions, 3)),
      "00000005",
    );
  });
});

describe("the list of APIs", () => {
  it("is sorted, without duplicates, and found by key and by name", () => {
    const keys = ALL_APIS.map((api) => api.key);
    assert.deepEqual(
      keys,
      [...new Set(keys)].sort((a, b) => a - b),
    );
    for (const api of ALL_APIS) {
      assert.equal(apiByKey(api.key), api);
      assert.equal(apiByName(api.name).key, api.key);
    }
    assert.equal(apiByKey(9999), undefined);
    assert.equal(apiByKey(-1), undefined);
  });

  it("knows the unstable version of InitProducerId without settling on it", () => {
    const api = apiByKey(API_KEYS.InitProducerId)!;
    assert.equal(api.maxVersion, 5);
    assert.equal(api.unstableVersion, 6);
    assert.ok(knowsVersion(api, 6));
    assert.ok(!knowsVersion(api, 7));
  });

  it("names the message and the place when bytes are malformed, or left over after a response", () => {
    const heartbeat = apiByKey(API_KEYS.Heartbeat)!;
    const short = new ByteReader(Uint8Array.of(0, 3, 65));
    assert.throws(() => readWholeRequest(heartbeat, short, 0), { code: "TRUNCATED", message: /^Heartbeat request version 0: .*byte 2/ });
    const long = new ByteReader(new Uint8Array(9));
    assert.doesNotThrow(() => readWholeRequest(heartbeat, new ByteReader(new Uint8Array(30)), 0));
    assert.throws(() => readWholeResponse("Heartbeat", long, 0), { code: "BAD_LENGTH", message: /^Heartbeat response version 0: 7 bytes/ });
  });
});
