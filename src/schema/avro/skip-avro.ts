// Moves over a value that only the writer knows. Closures made once per schema; blocks with a size are jumped over.
import type { AvroCursor } from "./avro-cursor.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { leastBytes } from "./read-plan.ts";

export type Skip = (cursor: AvroCursor) => void;

const known = new WeakMap<AvroSchema, Skip>();

export function skipper(schema: AvroSchema): Skip {
  const found = known.get(schema);
  if (found !== undefined) return found;
  known.set(schema, (cursor) => skip(cursor)); // for schemas that hold themselves
  const skip = makeSkipper(schema);
  known.set(schema, skip);
  return skip;
}

function makeSkipper(schema: AvroSchema): Skip {
  switch (schema.type) {
    case "null":
      return () => {};
    case "boolean":
      return (cursor) => void cursor.boolean();
    case "int":
    case "enum":
    case "long":
      return skipVarint;
    case "float":
      return (cursor) => void cursor.take(4);
    case "double":
      return (cursor) => void cursor.take(8);
    case "bytes":
    case "string":
      return (cursor) => void cursor.take(cursor.length());
    case "fixed":
      return (cursor) => void cursor.take(schema.size);
    case "array": {
      const skip = skipper(schema.items);
      const least = leastBytes(schema.items);
      return (cursor) => cursor.skipBlocks(least, skip);
    }
    case "map": {
      const skip = skipper(schema.values);
      const least = 1 + leastBytes(schema.values);
      const entry: Skip = (cursor) => {
        cursor.take(cursor.length());
        skip(cursor);
      };
      return (cursor) => cursor.skipBlocks(least, entry);
    }
    case "union": {
      const branches = schema.branches.map(skipper);
      return (cursor) => {
        const index = cursor.long();
        const skip = branches[index];
        if (skip === undefined) return cursor.fail(`one of ${branches.length} branches`, `branch ${index}`);
        skip(cursor);
      };
    }
    case "record":
    case "error": {
      const fields = schema.fields.map((field) => skipper(field.type));
      return (cursor) => {
        cursor.enter();
        for (const skip of fields) skip(cursor);
        cursor.depth--;
      };
    }
  }
}

function skipVarint(cursor: AvroCursor): void {
  const { bytes, at, end } = cursor;
  for (let index = 0; index < 10; index++) {
    if (at + index >= end) cursor.fail("a varint", "the end");
    if (bytes[at + index]! <= 0x7f) {
      cursor.at = at + index + 1;
      return;
    }
  }
  cursor.fail("a varint of 64 bits", "a longer one");
}
