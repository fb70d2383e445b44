// Why data written with one schema cannot be read with another: what is wrong, where, and both definitions. Made by the compatibility
// rules of Avro, Protobuf and JSON Schema; always from the reader's point of view.

export interface Incompatibility {
  /** A stable upper-case name, such as READER_FIELD_MISSING_DEFAULT_VALUE. */
  readonly type: string;
  /** JSON pointer into the reader's schema, such as "/fields/2/type"; for Protobuf a path of names and tags. */
  readonly path: string;
  /** One sentence. */
  readonly description: string;
  /** What the reader has at that place; "" if nothing. */
  readonly reader: string;
  /** What the writer has there; "" if nothing. */
  readonly writer: string;
}

/** A schema text that cannot be understood. `code` is stable. */
export class SchemaParseError extends Error {
  override readonly name = "SchemaParseError";
  readonly code = "INVALID_SCHEMA";
}
