// __proto__ is a name like any other: of fields, messages, enums and their values, oneofs and packages; in texts and comments it is left as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { descriptorOfText, textOfDescriptor } from "./file-descriptor.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { protobufIncompatibilities } from "./protobuf-compatibility.ts";
import { taggedPlaces, withTags } from "./proto-meta.ts";
import { protoToType } from "./proto-to-type.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

const TEXT = `syntax = "proto3"; package a.__proto__; import "confluent/meta.proto"; // __proto__
message __proto__ { int32 __proto__ = 1; string constructor = 2 [(confluent.field_meta) = { params: [{ key: "millrace.name", value: "__proto__s" }] }]; oneof __proto___ { int32 x = 3; } }
message Outer { .a.__proto__.__proto__ one = 1; repeated __proto__ many = 2; map<string, __proto__.Kind> third = 3; __proto__.Kind kind = 4; message __proto__ { enum Kind { __proto__ = 0; toString = 1; } } }`;

test("messages and types", () => {
  const file = parseProtobuf(TEXT);
  assert.equal(file.package, "a.__proto__");
  assert.deepEqual([...file.types.keys()], ["a.__proto__.__proto__", "a.__proto__.Outer", "a.__proto__.Outer.__proto__", "a.__proto__.Outer.__proto__.Kind"]); // prettier-ignore
  const schema = readProtoSchema(TEXT);
  const own = schema.messageAt([0]);
  assert.equal(own.name, "a.__proto__.__proto__");
  assert.deepEqual(own.fields.map(({ name }) => name), ["__proto__", "constructor", "x"]); // prettier-ignore
  assert.deepEqual(schema.indexesOf("a.__proto__.Outer.__proto__"), [1, 0]);
  const type = protoToType(schema.messageAt([1]));
  assert.ok(type.kind === "record");
  const kind = { kind: "literal", values: ["__proto__", "toString"] };
  assert.deepEqual(type.fields.at(-1), { name: "kind", type: kind });
  assert.deepEqual(type.fields[2], { name: "third", type: { kind: "map", key: { kind: "string" }, value: kind } });
});

test("descriptors and tags", () => {
  const text =
    'syntax = "proto3"; message A { int32 __proto__ = 1; } enum B { __proto__X = 0; toString = 1; } message C { message __proto__ { } __proto__ x = 1; }';
  const back = textOfDescriptor(descriptorOfText(text, []))!;
  assert.match(back, /int32 __proto__ = 1;/);
  assert.match(back, /message __proto__ \{/);
  assert.deepEqual(taggedPlaces(text).map(({ path }) => path), ["A", "A.__proto__", "C", "C.x", "C.__proto__"]); // prettier-ignore
  assert.match(
    withTags(text, ({ path }) => (path === "A.__proto__" ? ["PII"] : [])),
    /int32 __proto__ = 1 \[\(confluent\.field_meta\) = \{ tags: \["PII"\] \}\];/,
  );
});

test("its fields count for compatibility", () => {
  const world = (text: string): { file: ReturnType<typeof parseProtobuf>; known: ReadonlyMap<string, never> } => {
    const file = parseProtobuf(text);
    return { file, known: file.types as ReadonlyMap<string, never> };
  };
  const [before, after] = ["int32", "string"].map((type) => world(`syntax = "proto3"; message A { ${type} __proto__ = 1; }`));
  assert.equal(protobufIncompatibilities(after!, before!).length, 1);
  assert.equal(protobufIncompatibilities(after!, after!).length, 0);
});
