// Bytes on the wire: garbage, impossible lengths, unknown versions and pipelined requests, and that they cost nobody else anything.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { API_KEYS, apiByName, type ApiName, type RequestOf, type ResponseOf } from "../../protocol/apis.ts";
import { readResponseHeader, writeRequestHeader } from "../../protocol/headers.ts";
import { newApiVersionsRequest } from "../../protocol/generated/api-versions.gen.ts";
import { newMetadataRequest } from "../../protocol/generated/metadata.gen.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { TestBroker } from "./test-broker.ts";

const start = (settings?: Record<string, string>): Promise<TestBroker> => TestBroker.start(createNodeEnv(), tmpdir(), settings);

class Wire {
  readonly socket: Socket;
  readonly #test: TestBroker;
  readonly #frames: Uint8Array[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  closed = false;

  constructor(test: TestBroker) {
    this.#test = test;
    const { broker } = test;
    this.socket = connect(broker.address.port, broker.address.host);
    this.socket.on("data", (chunk: Buffer) => this.#data(chunk));
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("error", () => {});
  }

  send<N extends ApiName>(name: N, version: number, request: RequestOf<N>, correlationId: number): void {
    this.socket.write(frame(name, version, request, correlationId));
  }

  async answer(): Promise<Uint8Array> {
    await this.#test.until(
      () => "an answer",
      () => this.#frames.length > 0 || this.closed,
    );
    const answer = this.#frames.shift();
    assert.ok(answer !== undefined, "the connection was closed instead of answered");
    return answer;
  }

  async read<N extends ApiName>(name: N, version: number): Promise<{ correlationId: number; response: ResponseOf<N> }> {
    const reader = new ByteReader(await this.answer());
    const correlationId = readResponseHeader(reader, API_KEYS[name], version);
    return { correlationId, response: apiByName(name).readResponse(reader, version) };
  }

  #data(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readInt32BE(0)) {
      const end = 4 + this.#buffer.readInt32BE(0);
      this.#frames.push(this.#buffer.subarray(4, end));
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

function frame<N extends ApiName>(name: N, version: number, request: RequestOf<N>, correlationId: number): Uint8Array {
  const writer = new ByteWriter();
  writer.reserve(4);
  writeRequestHeader(writer, { apiKey: API_KEYS[name], apiVersion: version, correlationId, clientId: "wire" });
  apiByName(name).writeRequest(writer, request, version);
  writer.patchInt32(0, writer.length - 4);
  return writer.take();
}

function prefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, length);
  return bytes;
}

const apiVersions = newApiVersionsRequest({ clientSoftwareName: "wire", clientSoftwareVersion: "1" });

describe("a connection", () => {
  it("is closed, alone and with one log line each, by garbage, a 2 GiB length, a negative one and an unknown API", async () => {
    await using test = await start();
    const bystander = new Wire(test);
    const culprits: [string, Uint8Array][] = [
      ["garbage", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
      ["2 GiB", prefix(0x7fffffff)],
      ["negative", prefix(-5)],
      ["unknown API", Uint8Array.of(0, 0, 0, 8, 0x7f, 0x7f, 0, 0, 0, 0, 0, 1)],
      ["short", Uint8Array.of(0, 0, 0, 2, 0, 18)],
      ["truncated body", Uint8Array.of(0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff)],
    ];
    for (const [name, bytes] of culprits) {
      const before = test.log.length;
      const culprit = new Wire(test);
      culprit.socket.write(bytes);
      await test.until(
        () => `${name} closes its connection`,
        () => culprit.closed,
      );
      assert.equal(test.log.length, before + 1, name);
    }
    bystander.send("ApiVersions", 3, apiVersions, 1);
    assert.equal((await bystander.read("ApiVersions", 3)).response.errorCode, 0);
    bystander.socket.destroy();
  });

  it("that goes away in the middle of a request leaves nothing behind", async () => {
    await using test = await start();
    const wire = new Wire(test);
    wire.socket.write(Buffer.concat([prefix(1_000_000), Buffer.alloc(500_000)]));
    await test.until(
      () => "it is connected",
      () => test.broker.metrics().connections === 1,
    );
    wire.socket.destroy();
    await test.until(
      () => "it is forgotten",
      () => test.broker.metrics().connections === 0,
    );
    assert.equal(test.broker.metrics().requestBytes, 0);
  });

  it("is told the versions of ApiVersions when it asks with an unknown one", async () => {
    await using test = await start();
    const wire = new Wire(test);
    wire.socket.write(Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 99, 0, 0, 0, 7, 0xff, 0xff));
    const { correlationId, response } = await wire.read("ApiVersions", 0);
    assert.deepEqual([correlationId, response.errorCode], [7, 35]);
    assert.deepEqual(
      response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
      [[18, 0, 4]],
    );
    wire.send("ApiVersions", 4, apiVersions, 8);
    const second = await wire.read("ApiVersions", 4);
    assert.equal(second.response.errorCode, 0);
    assert.equal(second.response.apiKeys.find(({ apiKey }) => apiKey === 0)?.minVersion, 0);
    wire.socket.destroy();
  });

  it("is closed by a Produce of version 2, which is advertised and refused", async () => {
    await using test = await start();
    const wire = new Wire(test);
    wire.socket.write(Uint8Array.of(0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 0, 0, 0, 1, 0, 0));
    await test.until(
      () => "the connection is closed",
      () => wire.closed,
    );
    assert.match(String(test.log.at(-1)?.fields["error"]), /Produce version 2/);
  });

  it("gets its answers in the order of its requests, however many come at once", async () => {
    await using test = await start();
    const wire = new Wire(test);
    const requests = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0
        ? frame("ApiVersions", 3, apiVersions, i)
        : frame("Metadata", 9, newMetadataRequest({ topics: [{ topicId: "AAAAAAAAAAAAAAAAAAAAAA", name: `t${i % 3}` }] }), i),
    );
    wire.socket.write(Buffer.concat(requests));
    for (let i = 0; i < 300; i++) {
      const { correlationId } = await (i % 2 === 0 ? wire.read("ApiVersions", 3) : wire.read("Metadata", 9));
      assert.equal(correlationId, i);
    }
    wire.socket.destroy();
  });
});
