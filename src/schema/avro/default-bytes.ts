// A default of a schema (JSON) in Avro's binary encoding: so a default is read as data is, with logical types and all, and written as a
// constant. Throws BadSchemaError for a default that does not fit, that holds itself, or that is large.
import { EncodeBuffer } from "../encode-buffer.ts";
import { isJsonObject, numberOf, numberText } from "../json-numbers.ts";
import { BadSchemaError } from "../schema-error.ts";
import type { AvroField, AvroSchema } from "./avro-schema.ts";
import { isValidDefault } from "./default-value.ts";
import { putBytes, putDouble, putFloat, putLong, putLongBig, putText } from "./put-avro.ts";

const MAX_DEFAULT_BYTES = 64 * 1024;
const MAX_DEFAULT_DEPTH = 64;

export function defaultBytes(field: AvroField): Uint8Array {
  const out = new EncodeBuffer(64);
  if (!isValidDefault(field.type, field.default)) throw bad(field.name, "does not fit its type");
  put(out, field, field.type, field.default, 0);
  return out.copy();
}

function bad(name: string, why: string): BadSchemaError {
  return new BadSchemaError(`The default of field "${name}" ${why}.`);
}

function put(out: EncodeBuffer, field: AvroField, schema: AvroSchema, json: unknown, depth: number): void {
  if (depth > MAX_DEFAULT_DEPTH) throw bad(field.name, "nests too deep, or holds itself");
  if (out.at > MAX_DEFAULT_BYTES) throw bad(field.name, `takes more than ${MAX_DEFAULT_BYTES} bytes`);
  switch (schema.type) {
    case "null":
      return;
    case "boolean":
      out.ensure(1);
      out.bytes[out.at++] = json === true ? 1 : 0;
      return;
    case "int":
    case "long":
      return putLongBig(out, BigInt(numberText(json)!));
    case "float":
      return putFloat(out, numberOf(json) ?? Number(json));
    case "double":
      return putDouble(out, numberOf(json) ?? Number(json));
    case "string":
      return putText(out, json as string);
    case "bytes":
      return putBytes(out, latin1(json as string));
    case "fixed": {
      const bytes = latin1(json as string);
      if (bytes.length !== schema.size) throw bad(field.name, `has ${bytes.length} bytes where ${schema.size} are wanted`);
      out.ensure(bytes.length);
      out.bytes.set(bytes, out.at);
      out.at += bytes.length;
      return;
    }
    case "enum":
      return putLong(out, schema.symbols.indexOf(json as string));
    case "array":
      return putItems(out, json as unknown[], (item) => put(out, field, schema.items, item, depth + 1));
    case "map":
      return putItems(out, Object.entries(json as object), ([key, value]) => {
        putText(out, key);
        put(out, field, schema.values, value, depth + 1);
      });
    case "union": {
      const index = schema.branches.findIndex((branch) => isValidDefault(branch, json));
      putLong(out, index);
      return put(out, field, schema.branches[index]!, json, depth + 1);
    }
    case "record":
    case "error":
      for (const each of schema.fields) {
        const given = isJsonObject(json) && Object.hasOwn(json, each.name) ? json[each.name] : each.default;
        if (!isValidDefault(each.type, given)) throw bad(field.name, "does not fit its type");
        put(out, field, each.type, given, depth + 1);
      }
  }
}

function putItems<T>(out: EncodeBuffer, items: readonly T[], each: (item: T) => void): void {
  if (items.length > 0) putLong(out, items.length);
  for (const item of items) each(item);
  putLong(out, 0);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
