import assert from "node:assert/strict";
import { test } from "node:test";
import { canGenerate, generateFunction } from "./code-generation.ts";
import { withoutCodeGeneration } from "./fixtures/without-code-generation.ts";

test("generated functions carry a name of their own, and can be turned off", () => {
  assert.equal(canGenerate("auto"), true);
  assert.equal(canGenerate("off"), false);
  const fail = generateFunction<() => void>("a-test", [], "throw new Error('here')");
  assert.throws(fail, (error: Error) => /millrace\/a-test\/\d+/.test(error.stack!));
  assert.equal(generateFunction<(a: number, b: number) => number>("sum", ["a", "b"], "return a+b")(1, 2), 3);
});

test("where the platform disallows generated code, everything works without it", () => {
  const script = `
    import { canGenerate } from "./code-generation.ts";
    import { BatchBuilder } from "./batch-builder.ts";
    import { BinaryCodec } from "./binary-row/binary-codec.ts";
    import { EncodeBuffer } from "./encode-buffer.ts";
    import { jsonDecoder } from "./json/decoder.ts";
    import { jsonEncoder } from "./json/encoder.ts";
    import { t } from "./t.ts";
    const { type } = t.record("R", { id: t.string(), n: t.optional(t.int()) });
    const builder = new BatchBuilder(type, 1, "bytes");
    const document = new TextEncoder().encode('{"id":"a","n":5}');
    jsonDecoder(type).decodeInto(builder, document, 0, document.length, 0);
    const out = new EncodeBuffer();
    jsonEncoder(type)(builder.finish(), 0, out);
    const codec = new BinaryCodec(type);
    console.log(canGenerate("auto"), new TextDecoder().decode(out.finish()), JSON.stringify(codec.decode(codec.bytesOf({ id: "b" }))));`;
  const stdout = withoutCodeGeneration(script, import.meta.dirname);
  assert.equal(stdout, 'false {"id":"a","n":5} {"id":"b"}\n');
});
