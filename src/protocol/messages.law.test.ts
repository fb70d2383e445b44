// Laws of every generated codec, against random messages made from the tables.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameError } from "../bytes/frame-error.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { arbitraryMessage } from "./fixtures/arbitrary-message.ts";
import { CODECS, type Codec } from "./fixtures/codecs.ts";
import { propertyParameters } from "./fixtures/property-seed.ts";

const RUNS_PER_VERSION = 15;

function encode(codec: Codec, message: unknown, version: number): Uint8Array {
  const w = new ByteWriter();
  codec.write(w, message as never, version);
  return w.finish();
}

function versionsOf(codec: Codec): number[] {
  return Array.from({ length: codec.versions.to - codec.versions.from + 1 }, (_, index) => codec.versions.from + index);
}

/** Objects and arrays in a message. */
function countNodes(value: unknown): number {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + countNodes(inner), 1);
}

/** Reads hostile bytes: a message or a FrameError, nothing else, and never more objects than the bytes can pay for. */
function readHostile(codec: Codec, bytes: Uint8Array, version: number): void {
  try {
    const message = codec.read(new ByteReader(bytes), version);
    const nodes = countNodes(message);
    assert.ok(nodes <= 32 + 8 * bytes.length, `${nodes} objects from ${bytes.length} bytes`);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
}

describe("every message in every version", () => {
  for (const codec of CODECS) {
    it(`${codec.name} is read as it was written, to the last byte`, () => {
      for (const version of versionsOf(codec)) {
        fc.assert(
          fc.property(arbitraryMessage(codec.fields, version), (message) => {
            const r = new ByteReader(encode(codec, message, version));
            assert.deepStrictEqual(codec.read(r, version), message);
            assert.equal(r.remaining, 0);
          }),
          propertyParameters(RUNS_PER_VERSION),
        );
      }
    });

    it(`${codec.name} survives truncated, changed and random bytes`, () => {
      for (const version of versionsOf(codec)) {
        fc.assert(
          fc.property(
            arbitraryMessage(codec.fields, version),
            fc.nat(),
            fc.uint8Array({ minLength: 1, maxLength: 9 }),
            (message, where, noise) => {
              const bytes = encode(codec, message, version);
              const at = where % (bytes.length + 1);
              readHostile(codec, bytes.slice(0, at), version);
              const changed = bytes.slice();
              for (let index = 0; index < noise.length && at + index < changed.length; index++) changed[at + index] = noise[index]!;
              readHostile(codec, changed, version);
              const counted = bytes.slice();
              counted.fill(0xff, at, at + 4);
              if (at + 4 < counted.length) counted[at + 4] = 0x07;
              readHostile(codec, counted, version);
              readHostile(codec, noise, version);
            },
          ),
          propertyParameters(RUNS_PER_VERSION),
        );
      }
    });
  }
});
