// Reads one JSON value of a type into a JS value: a tree of closures made once per type. Used for decodeValue, and for the columns
// that hold objects (nested records, arrays, maps, unions).
import { setField } from "../field-value.ts";
import { fitsScalar, indexPath, isDecimal } from "../mismatch.ts";
import { fieldPath, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { hasTextKeys, unionVariants, type JsonShape } from "../union-variants.ts";
import type { JsonScanner } from "./scanner.ts";

/** `depth`: how many objects and arrays are around the value. */
export type ValueReader = (scanner: JsonScanner, depth: number) => unknown;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function valueReader(type: TypeInfo): ValueReader {
  switch (type.kind) {
    case "string":
      return (scanner) => (isString(scanner) ? scanner.string() : wrongType(scanner, type));
    case "literal":
      return literalReader(type);
    case "double":
      return (scanner) => (isNumber(scanner) ? scanner.number() : wrongType(scanner, type));
    case "int":
    case "long":
    case "timestamp":
      return integerReader(type);
    case "boolean":
      return (scanner) => {
        scanner.peek();
        return scanner.word("true") || (scanner.word("false") ? false : wrongType(scanner, type));
      };
    case "bigint":
      return bigintReader(type);
    case "decimal":
      return decimalReader(type);
    case "bytes":
      return bytesReader(type);
    case "optional": {
      const inner = valueReader(type.of);
      return (scanner, depth) => (scanner.peek() === 0x6e && scanner.word("null") ? undefined : inner(scanner, depth));
    }
    case "array":
      return arrayReader(type);
    case "map":
      return hasTextKeys(type.key) ? textMapReader(type) : pairsReader(type);
    case "record":
      return recordReader(type);
    case "union":
      return unionReader(type);
  }
}

function isString(scanner: JsonScanner): boolean {
  return scanner.peek() === 0x22;
}

function isNumber(scanner: JsonScanner): boolean {
  const byte = scanner.peek();
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}

export function wrongType(scanner: JsonScanner, type: TypeInfo, got?: string): never {
  throw scanner.fail(typeName(type), got);
}

/** Throws `error` with `segment` in front of its path, if it is about data. */
export function rethrowInside(error: unknown, prefix: (rest: string) => string): never {
  if (!(error instanceof SchemaError)) throw error;
  throw new SchemaError({ path: prefix(error.path), expected: error.expected, got: error.got }, error.at);
}

function integerReader(type: TypeInfo): ValueReader {
  return (scanner) => {
    const start = isNumber(scanner) ? scanner.at : wrongType(scanner, type);
    const value = scanner.number() + 0;
    if (fitsScalar(type, value)) return value;
    scanner.at = start;
    return wrongType(scanner, type, Number.isInteger(value) ? "an integer out of its range" : "a number with a fraction");
  };
}

function literalReader(type: TypeInfo & { kind: "literal" }): ValueReader {
  const known = new Map(type.values.map((value) => [value, value]));
  return (scanner) => {
    const start = isString(scanner) ? scanner.at : wrongType(scanner, type);
    const value = known.get(scanner.string());
    if (value !== undefined) return value;
    scanner.at = start;
    return wrongType(scanner, type, "another string");
  };
}

/** JSON has no integers of 64 bits: a number or, as some write it, a string of digits. */
function bigintReader(type: TypeInfo): ValueReader {
  return (scanner) => {
    const start = isString(scanner) || isNumber(scanner) ? scanner.at : wrongType(scanner, type);
    const text = isString(scanner) ? scanner.string() : scanner.numberText();
    if (/^-?[0-9]{1,20}$/.test(text)) {
      const value = BigInt(text);
      if (BigInt.asIntN(64, value) === value) return value;
    }
    scanner.at = start;
    return wrongType(scanner, type, "something else than an integer of 64 bits");
  };
}

function decimalReader(type: TypeInfo & { kind: "decimal" }): ValueReader {
  return (scanner) => {
    const start = isString(scanner) || isNumber(scanner) ? scanner.at : wrongType(scanner, type);
    const text = isString(scanner) ? scanner.string() : scanner.numberText();
    if (isDecimal(text, type.precision, type.scale)) return text;
    scanner.at = start;
    return wrongType(scanner, type, "something else than a decimal that fits");
  };
}

function bytesReader(type: TypeInfo): ValueReader {
  return (scanner) => {
    const start = isString(scanner) ? scanner.at : wrongType(scanner, type);
    const text = scanner.string();
    if (BASE64.test(text)) return new Uint8Array(Buffer.from(text, "base64"));
    scanner.at = start;
    return wrongType(scanner, type, "a string that is not base64");
  };
}

function arrayReader(type: TypeInfo & { kind: "array" }): ValueReader {
  const read = valueReader(type.of);
  return (scanner, depth) => {
    if (scanner.peek() !== 0x5b) wrongType(scanner, type);
    scanner.checkDepth(depth);
    scanner.at++;
    const values: unknown[] = [];
    if (scanner.peek() === 0x5d) {
      scanner.at++;
      return values;
    }
    try {
      do values.push(read(scanner, depth + 1));
      while (scanner.more(0x5d));
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(values.length, rest));
    }
    return values;
  };
}

function textMapReader(type: TypeInfo & { kind: "map" }): ValueReader {
  const fits = (key: string): boolean => fitsScalar(type.key, key);
  const read = valueReader(type.value);
  return (scanner, depth) => {
    if (scanner.peek() !== 0x7b) wrongType(scanner, type);
    scanner.checkDepth(depth);
    scanner.at++;
    const map = new Map<string, unknown>();
    if (scanner.peek() === 0x7d) {
      scanner.at++;
      return map;
    }
    try {
      do {
        if (scanner.peek() !== 0x22) throw scanner.fail("a name in quotes");
        const key = scanner.string();
        if (!fits(key)) throw scanner.fail(typeName(type.key), "another string as a key");
        scanner.expect(0x3a, '":"');
        map.set(key, read(scanner, depth + 1));
      } while (scanner.more(0x7d));
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(map.size, rest));
    }
    return map;
  };
}

/** A map whose keys are no strings: [[key, value], …]. */
function pairsReader(type: TypeInfo & { kind: "map" }): ValueReader {
  const key = valueReader(type.key);
  const value = valueReader(type.value);
  const pair: ValueReader = (scanner, depth) => {
    if (scanner.peek() !== 0x5b) throw scanner.fail("a pair [key, value]");
    scanner.checkDepth(depth);
    scanner.at++;
    const first = key(scanner, depth + 1);
    scanner.expect(0x2c, '","');
    const second = value(scanner, depth + 1);
    scanner.expect(0x5d, '"]"');
    return [first, second];
  };
  return (scanner, depth) => {
    if (scanner.peek() !== 0x5b) wrongType(scanner, type);
    scanner.checkDepth(depth);
    scanner.at++;
    const map = new Map<unknown, unknown>();
    if (scanner.peek() === 0x5d) {
      scanner.at++;
      return map;
    }
    try {
      do {
        const [first, second] = pair(scanner, depth + 1) as [unknown, unknown];
        map.set(first, second);
      } while (scanner.more(0x5d));
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(map.size, rest));
    }
    return map;
  };
}

function recordReader(type: TypeInfo & { kind: "record" }): ValueReader {
  const index = new Map(type.fields.map((field, at) => [field.name, at]));
  const readers = type.fields.map((field) => valueReader(field.type));
  return (scanner, depth) => {
    if (scanner.peek() !== 0x7b) wrongType(scanner, type);
    scanner.checkDepth(depth);
    scanner.at++;
    const values: unknown[] = Array.from({ length: readers.length });
    const seen = new Uint8Array(readers.length);
    if (scanner.peek() === 0x7d) scanner.at++;
    else
      do {
        if (scanner.peek() !== 0x22) throw scanner.fail("a name in quotes");
        const at = index.get(scanner.string());
        scanner.expect(0x3a, '":"');
        if (at === undefined) scanner.skipValue(depth + 1);
        else {
          values[at] = readInside(scanner, readers[at]!, type.fields[at]!.name, depth + 1);
          seen[at] = 1;
        }
      } while (scanner.more(0x7d));
    return makeRecord(scanner, type, values, seen);
  };
}

function readInside(scanner: JsonScanner, read: ValueReader, name: string, depth: number): unknown {
  try {
    return read(scanner, depth);
  } catch (error) {
    return rethrowInside(error, (rest) => fieldPath(name, rest));
  }
}

function makeRecord(scanner: JsonScanner, type: TypeInfo & { kind: "record" }, values: readonly unknown[], seen: Uint8Array): object {
  const record = {};
  for (let at = 0; at < values.length; at++) {
    const field = type.fields[at]!;
    if (seen[at] === 0 && field.type.kind !== "optional") throw missingField(scanner, field.name, field.type);
    setField(record, field.name, values[at]);
  }
  return record;
}

export function missingField(scanner: JsonScanner, name: string, type: TypeInfo): SchemaError {
  return new SchemaError({ path: fieldPath(name, ""), expected: typeName(type), got: "nothing" }, scanner.at - scanner.start);
}

const SHAPES: Readonly<Record<number, JsonShape>> = {
  0x22: "string",
  0x7b: "object",
  0x5b: "array",
  0x74: "boolean",
  0x66: "boolean",
  0x2d: "number",
};

function unionReader(type: TypeInfo & { kind: "union" }): ValueReader {
  const variants = unionVariants(type);
  const readers = type.of.map((member) => valueReader(member));
  return (scanner, depth) => {
    const byte = scanner.peek();
    const shape = byte >= 0x30 && byte <= 0x39 ? "number" : SHAPES[byte];
    let variant = shape === undefined ? -1 : variants.byShape[shape];
    if (shape === "object" && variant >= 0 && variants.discriminator !== undefined)
      variant = variants.byLiteral.get(textOfField(scanner, variants.discriminator, depth)) ?? -1;
    return variant < 0 ? wrongType(scanner, type) : readers[variant]!(scanner, depth);
  };
}

/** Looks ahead: the text of a field of the object that stands here; "" if it has none. The last of several counts. */
function textOfField(scanner: JsonScanner, name: string, depth: number): string {
  const start = scanner.at;
  let text = "";
  scanner.checkDepth(depth);
  scanner.at++;
  if (scanner.peek() !== 0x7d)
    do {
      if (scanner.peek() !== 0x22) throw scanner.fail("a name in quotes");
      const found = scanner.string() === name;
      scanner.expect(0x3a, '":"');
      if (found && scanner.peek() === 0x22) text = scanner.string();
      else scanner.skipValue(depth + 1);
    } while (scanner.more(0x7d));
  scanner.at = start;
  return text;
}
