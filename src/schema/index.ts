// Public: millrace/schema. A type as other systems' schemas, and back.
export {
  fromAvro,
  fromConnect,
  fromJsonSchema,
  fromProtobuf,
  fromSql,
  toAvro,
  toConnect,
  toJsonSchema,
  toProtobuf,
  toSql,
  type ProtobufReading,
} from "./schema-texts.ts";
export type { ConnectSchema } from "./connect/connect-schema.ts";
export type { Draft } from "./json-schema/type-to-json-schema.ts";
export { SchemaParseError } from "./incompatibility.ts";
export { BadSchemaError } from "./schema-error.ts";
