// Keys as a source reads them: each is decoded, by the schema that it names, into columns of the key's type, which shows whether it is one. A
// record whose key is none is a bad record. Bad records show a key that is one as text.
import { MAX_BATCH_ROWS, NO_TIMESTAMP } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { rowAt } from "../../schema/columns.ts";
import { ofKey } from "./key-encoder.ts";
import type { Headers, RegistryValues } from "./registry-values.ts";

/** Of the frames that say which schema it is. */
const MAX_MAGIC = 1;
/** What SchemaFrame expects. */
const NO_FRAME = "a schema's id";

export class KeyCheck {
  readonly #keys: RegistryValues;
  readonly #builder: BatchBuilder;

  constructor(type: TypeInfo, keys: RegistryValues) {
    this.#keys = keys;
    this.#builder = new BatchBuilder(type, MAX_BATCH_ROWS, "bytes");
  }

  /** A key for people: a scalar as a text key would be, anything else as JSON. Undefined: it is none, or its schema is not there yet. */
  text(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): string | undefined {
    if (start < 0) return undefined;
    try {
      const waiting = this.check(bytes, start, end, headers);
      waiting?.catch(() => {}); // whoever reads the next record meets it, too
      if (waiting !== undefined) return undefined;
    } catch {
      return undefined;
    }
    const key = this.value();
    if (key instanceof Uint8Array) return undefined;
    return typeof key === "object" ? JSON.stringify(key, plain) : String(key);
  }

  /** The key that check() found to be one. */
  value(): unknown {
    return rowAt(this.#builder.finish(), this.#builder.rows - 1);
  }

  /** `start` < 0: there is no key. Answers what must be waited for first; then it is asked again. Throws SchemaError. */
  check(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): Promise<void> | undefined {
    if (start < 0) return undefined;
    const builder = this.#builder;
    if (builder.full) builder.reset();
    try {
      const waiting = this.#keys.wait(bytes, start, end, headers);
      if (waiting === undefined) this.#keys.decodeInto(builder, bytes, start, end, NO_TIMESTAMP);
      return waiting;
    } catch (error) {
      throw ofKey(start < end && bytes[start]! > MAX_MAGIC ? withHint(error) : error);
    }
  }
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Map ? [...value] : value;
}

function withHint(error: unknown): unknown {
  if (!(error instanceof SchemaError && error.expected.startsWith(NO_FRAME))) return error;
  const { path, expected, got, at } = error;
  return new SchemaError({ path, expected, got: `${got}: if keys are text, the topic has no keyFormat` }, at);
}
