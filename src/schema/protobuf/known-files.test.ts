// Files that every .proto text may import without a reference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toProtobuf } from "../schema-texts.ts";
import { t } from "../t.ts";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { protoDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { descriptorOfText } from "./file-descriptor.ts";
import { protoToType } from "./proto-to-type.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

const text = (imports: readonly string[], body: string, syntax = "proto3"): string =>
  `syntax = "${syntax}"; ${imports.map((path) => `import "${path}"; `).join("")}message A { ${body} }`;

const FILES: readonly (readonly [path: string, type: string])[] = [
  ["confluent/meta.proto", "confluent.Meta"],
  ["confluent/type/decimal.proto", "confluent.type.Decimal"],
  ["google/protobuf/any.proto", "google.protobuf.Any"],
  ["google/protobuf/api.proto", "google.protobuf.Api"],
  ["google/protobuf/duration.proto", "google.protobuf.Duration"],
  ["google/protobuf/empty.proto", "google.protobuf.Empty"],
  ["google/protobuf/field_mask.proto", "google.protobuf.FieldMask"],
  ["google/protobuf/source_context.proto", "google.protobuf.SourceContext"],
  ["google/protobuf/timestamp.proto", "google.protobuf.Timestamp"],
  ["google/protobuf/type.proto", "google.protobuf.Type"],
  ["google/protobuf/wrappers.proto", "google.protobuf.Int64Value"],
  ["google/type/calendar_period.proto", "google.type.CalendarPeriod"],
  ["google/type/color.proto", "google.type.Color"],
  ["google/type/date.proto", "google.type.Date"],
  ["google/type/datetime.proto", "google.type.DateTime"],
  ["google/type/dayofweek.proto", "google.type.DayOfWeek"],
  ["google/type/decimal.proto", "google.type.Decimal"],
  ["google/type/expr.proto", "google.type.Expr"],
  ["google/type/fraction.proto", "google.type.Fraction"],
  ["google/type/interval.proto", "google.type.Interval"],
  ["google/type/latlng.proto", "google.type.LatLng"],
  ["google/type/localized_text.proto", "google.type.LocalizedText"],
  ["google/type/money.proto", "google.type.Money"],
  ["google/type/month.proto", "google.type.Month"],
  ["google/type/phone_number.proto", "google.type.PhoneNumber"],
  ["google/type/postal_address.proto", "google.type.PostalAddress"],
  ["google/type/quaternion.proto", "google.type.Quaternion"],
  ["google/type/timeofday.proto", "google.type.TimeOfDay"],
];

test("a text that imports them can be read, alone and all together", () => {
  for (const [path, type] of FILES) {
    const given = text([path], `${type} field = 1; string id = 2;`);
    const { kind } = protoToType(readProtoSchema(given).messageAt([0]));
    assert.equal(kind, "record", path);
    assert.notEqual(descriptorOfText(given, []), "");
  }
  const every = text(
    FILES.map(([path]) => path),
    FILES.map(([, type], index) => `${type} field${index} = ${index + 1};`).join(" "),
  );
  assert.equal(readProtoSchema(every).messageAt([0]).fields.length, FILES.length);
});

test("recursive ones do no harm to a type that does without them", () => {
  const given = text(["google/protobuf/struct.proto", "google/protobuf/descriptor.proto"], "google.protobuf.Struct any = 1; string id = 2; google.protobuf.FileDescriptorProto file = 3;"); // prettier-ignore
  const type = t.record("A", { id: t.string() }).type;
  const decoder = protoDecoder(type, readProtoSchema(given).messageAt([0]));
  const builder = new BatchBuilder(type, 1, "bytes");
  const bytes = Uint8Array.of(10, 2, 10, 0, 18, 1, 120); // any: one empty field, then id
  decoder.decodeInto(builder, bytes, 0, bytes.length, 0);
  assert.deepEqual(rowAt(builder.finish(), 0), { id: "x" });
  assert.throws(() => protoToType(readProtoSchema(given).messageAt([0])), /google\.protobuf\.DescriptorProto holds itself/);
});

test("options of one's own, and extensions, which are unknown fields", () => {
  const own = `syntax = "proto2"; import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { optional string label = 50000; }
    message A { optional string id = 1 [(label) = "key"]; extensions 100 to 200; } extend A { optional int32 more = 100; }`;
  assert.deepEqual(
    readProtoSchema(own)
      .messageAt([0])
      .fields.map(({ name }) => name),
    ["id"],
  );
});

test("a reference with the text of a known file comes first", () => {
  const date = 'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; string era = 4; }';
  const schema = readProtoSchema(text(["google/type/date.proto"], "google.type.Date day = 1;"), [date]);
  const day = schema.messageAt([0]).fields[0]!.value;
  assert.deepEqual(day.kind === "message" && day.fields.map(({ name }) => name), ["year", "month", "day", "era"]);
  const known = 'syntax = "proto3"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }';
  const At = t.record("A", { at: t.timestamp() });
  const message = readProtoSchema(text(["google/protobuf/timestamp.proto"], "google.protobuf.Timestamp at = 1;"), [known]).messageAt([0]);
  const out = new EncodeBuffer();
  protoEncoder(At.type, message).value({ at: 1500 }, out);
  assert.deepEqual([...out.finish()], [10, 8, 8, 1, 16, 128, 202, 181, 238, 1]);
  assert.match(toProtobuf(At), /google\/protobuf\/timestamp\.proto/);
});

test("numbers and oneofs of those that are written out here", () => {
  const fields = (path: string, type: string): string => {
    const { value } = readProtoSchema(text([path], `${type} field = 1;`)).messageAt([0]).fields[0]!;
    return value.kind === "message" ? value.fields.map(({ name, number }) => `${name}=${number}`).join(" ") : "";
  };
  assert.equal(fields("confluent/type/decimal.proto", "confluent.type.Decimal"), "value=1 precision=2 scale=3");
  assert.equal(fields("google/type/money.proto", "google.type.Money"), "currency_code=1 units=2 nanos=3");
  assert.equal(
    fields("google/type/datetime.proto", "google.type.DateTime"),
    "year=1 month=2 day=3 hours=4 minutes=5 seconds=6 nanos=7 utc_offset=8 time_zone=9",
  );
});
