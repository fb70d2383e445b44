// Files that every .proto text may import without a reference, as Confluent's registry has it: google/protobuf, google/type, confluent. Only
// what messages are is here; protobufjs has some of them itself.
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";
import { typesIn } from "./parse-protobuf.ts";
import type { ProtoType } from "./proto-file.ts";

/** Of google/type: a package of its own each, by the file's name. */
const GOOGLE_TYPES: Readonly<Record<string, string>> = {
  calendar_period:
    "enum CalendarPeriod { CALENDAR_PERIOD_UNSPECIFIED = 0; DAY = 1; WEEK = 2; FORTNIGHT = 3; MONTH = 4; QUARTER = 5; HALF = 6; YEAR = 7; }",
  color:
    'import "google/protobuf/wrappers.proto"; message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }',
  date: "message Date { int32 year = 1; int32 month = 2; int32 day = 3; }",
  datetime:
    'import "google/protobuf/duration.proto"; message DateTime { int32 year = 1; int32 month = 2; int32 day = 3; int32 hours = 4; int32 minutes = 5; int32 seconds = 6; ' +
    "int32 nanos = 7; oneof time_offset { google.protobuf.Duration utc_offset = 8; TimeZone time_zone = 9; } } message TimeZone { string id = 1; string version = 2; }",
  dayofweek:
    "enum DayOfWeek { DAY_OF_WEEK_UNSPECIFIED = 0; MONDAY = 1; TUESDAY = 2; WEDNESDAY = 3; THURSDAY = 4; FRIDAY = 5; SATURDAY = 6; SUNDAY = 7; }",
  decimal: "message Decimal { string value = 1; }",
  expr: "message Expr { string expression = 1; string title = 2; string description = 3; string location = 4; }",
  fraction: "message Fraction { int64 numerator = 1; int64 denominator = 2; }",
  interval:
    'import "google/protobuf/timestamp.proto"; message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }',
  latlng: "message LatLng { double latitude = 1; double longitude = 2; }",
  localized_text: "message LocalizedText { string text = 1; string language_code = 2; }",
  money: "message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }",
  month:
    "enum Month { MONTH_UNSPECIFIED = 0; JANUARY = 1; FEBRUARY = 2; MARCH = 3; APRIL = 4; MAY = 5; JUNE = 6; JULY = 7; AUGUST = 8; SEPTEMBER = 9; " +
    "OCTOBER = 10; NOVEMBER = 11; DECEMBER = 12; }",
  phone_number:
    "message PhoneNumber { message ShortCode { string region_code = 1; string number = 2; } oneof kind { string e164_number = 1; ShortCode short_code = 2; } " +
    "string extension = 3; }",
  postal_address:
    "message PostalAddress { int32 revision = 1; string region_code = 2; string language_code = 3; string postal_code = 4; string sorting_code = 5; " +
    "string administrative_area = 6; string locality = 7; string sublocality = 8; repeated string address_lines = 9; repeated string recipients = 10; string organization = 11; }",
  quaternion: "message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }",
  timeofday: "message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }",
};

const OTHERS: Readonly<Record<string, string>> = {
  "confluent/meta.proto": "package confluent; message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }",
  "confluent/type/decimal.proto": "package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }",
  "google/protobuf/source_context.proto": "package google.protobuf; message SourceContext { string file_name = 1; }",
  "google/protobuf/type.proto":
    'package google.protobuf; import "google/protobuf/any.proto"; import "google/protobuf/source_context.proto"; ' +
    "enum Syntax { SYNTAX_PROTO2 = 0; SYNTAX_PROTO3 = 1; SYNTAX_EDITIONS = 2; } message Option { string name = 1; Any value = 2; } " +
    "message Type { string name = 1; repeated Field fields = 2; repeated string oneofs = 3; repeated Option options = 4; SourceContext source_context = 5; Syntax syntax = 6; string edition = 7; } " +
    "message Field { Kind kind = 1; Cardinality cardinality = 2; int32 number = 3; string name = 4; string type_url = 6; int32 oneof_index = 7; bool packed = 8; repeated Option options = 9; " +
    "string json_name = 10; string default_value = 11; enum Cardinality { CARDINALITY_UNKNOWN = 0; CARDINALITY_OPTIONAL = 1; CARDINALITY_REQUIRED = 2; CARDINALITY_REPEATED = 3; } " +
    "enum Kind { TYPE_UNKNOWN = 0; TYPE_DOUBLE = 1; TYPE_FLOAT = 2; TYPE_INT64 = 3; TYPE_UINT64 = 4; TYPE_INT32 = 5; TYPE_FIXED64 = 6; TYPE_FIXED32 = 7; TYPE_BOOL = 8; TYPE_STRING = 9; " +
    "TYPE_GROUP = 10; TYPE_MESSAGE = 11; TYPE_BYTES = 12; TYPE_UINT32 = 13; TYPE_ENUM = 14; TYPE_SFIXED32 = 15; TYPE_SFIXED64 = 16; TYPE_SINT32 = 17; TYPE_SINT64 = 18; } } " +
    "message Enum { string name = 1; repeated EnumValue enumvalue = 2; repeated Option options = 3; SourceContext source_context = 4; Syntax syntax = 5; string edition = 6; } " +
    "message EnumValue { string name = 1; int32 number = 2; repeated Option options = 3; }",
  "google/protobuf/api.proto":
    'package google.protobuf; import "google/protobuf/source_context.proto"; import "google/protobuf/type.proto"; ' +
    "message Api { string name = 1; repeated Method methods = 2; repeated Option options = 3; string version = 4; SourceContext source_context = 5; repeated Mixin mixins = 6; Syntax syntax = 7; string edition = 8; } " +
    "message Method { string name = 1; string request_type_url = 2; bool request_streaming = 3; string response_type_url = 4; bool response_streaming = 5; repeated Option options = 6; Syntax syntax = 7; string edition = 8; } " +
    "message Mixin { string name = 1; string root = 2; }",
};

const PROTO3 = 'syntax = "proto3"; ';
const DESCRIPTOR = "google/protobuf/descriptor.proto";
const PROTOBUFJS_HAS = ["any", "descriptor", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"].map(
  (name) => `google/protobuf/${name}.proto`,
);
const GOOGLE_TYPE = /^google\/type\/([a-z_]+)\.proto$/;

/** Adds those of the files that are known and not there yet (as a reference's text), and what they import themselves. */
export function addKnownFiles(root: protobuf.Root, paths: Iterable<string>): void {
  const added = new Set<string>();
  const add = (path: string): void => {
    if (added.has(path)) return;
    added.add(path);
    const text = textOf(path);
    if (text !== undefined) {
      const alone = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
      for (const each of alone.imports ?? []) add(each);
      if (!isThere(root, alone.root.nestedArray)) protobuf.parse(text, root, { keepCase: true });
      return;
    }
    const nested =
      path === DESCRIPTOR
        ? { google: { nested: { protobuf: (descriptor as unknown as protobuf.Namespace).toJSON() } } }
        : (protobuf.common.get(path)?.nested ?? {});
    if (!isThere(root, protobuf.Root.fromJSON({ nested }).nestedArray)) root.addJSON(nested);
  };
  for (const path of paths) add(path);
}

let knownTypes: ReadonlyMap<string, ProtoType> | undefined;

/** The types of all these files: what a text may use without a reference. */
export function typesOfKnownFiles(): ReadonlyMap<string, ProtoType> {
  if (knownTypes === undefined) {
    const root = new protobuf.Root();
    addKnownFiles(root, [
      ...Object.keys(GOOGLE_TYPES).map((name) => `google/type/${name}.proto`),
      ...Object.keys(OTHERS),
      ...PROTOBUFJS_HAS,
    ]);
    knownTypes = typesIn(root, "proto3");
  }
  return knownTypes;
}

/** One of the types, or of those in these packages. */
function isThere(root: protobuf.Root, parts: readonly protobuf.ReflectionObject[]): boolean {
  return parts.some((part) =>
    part instanceof protobuf.Namespace && !(part instanceof protobuf.Type)
      ? isThere(root, part.nestedArray)
      : root.lookup(part.fullName) !== null,
  );
}

function textOf(path: string): string | undefined {
  if (Object.hasOwn(OTHERS, path)) return PROTO3 + OTHERS[path];
  const name = GOOGLE_TYPE.exec(path)?.[1];
  return name !== undefined && Object.hasOwn(GOOGLE_TYPES, name) ? `${PROTO3}package google.type; ${GOOGLE_TYPES[name]}` : undefined;
}
