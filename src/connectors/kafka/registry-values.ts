// Values, or keys, of a topic whose schemas are in a registry: readers find the writer's schema by the id in each record and resolve it to the
// topic's type. A schema is asked for once and kept; while it is asked for, its partition waits.
import type { Clock } from "../../env/clock.ts";
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { RegistryClientError, type RegistryClient } from "../../registry/http/registry-client.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import { BadSchemaError, SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { SchemaFrame, schemaHeaderOf } from "../../schema/wire/schema-frame.ts";
import type { DocumentReader, SchemaFormat } from "./schema-formats.ts";

/** An id that the registry did not know is asked for again after so long. */
const UNKNOWN_FOR_MS = 10_000;
const MAX_SCHEMAS = 1000;

/** What a partition reader decodes values with. */
export interface ValueDecoder {
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
  /** Before decodeInto: undefined, or what must be waited for first. `headers` undefined: there are none. Throws SchemaError. */
  wait?(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): Promise<void> | undefined;
}

export type Headers = () => readonly RecordHeader[];

type Known = { readonly decoder: DocumentReader } | { readonly refusal: string; readonly until: number };

export class RegistryValues implements ValueDecoder {
  readonly #type: TypeInfo;
  readonly #format: SchemaFormat;
  readonly #registry: RegistryClient;
  readonly #clock: Clock;
  readonly #part: "value" | "key";
  readonly #known = new Map<number | string, Known>();
  readonly #frame = new SchemaFrame();
  #decoder: DocumentReader | undefined;
  #lastId: number | string = "";
  #at = 0;

  constructor(type: TypeInfo, format: SchemaFormat, registry: RegistryClient, clock: Clock, part: "value" | "key" = "value") {
    this.#type = type;
    this.#format = format;
    this.#registry = registry;
    this.#clock = clock;
    this.#part = part;
  }

  wait(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): Promise<void> | undefined {
    const frame = this.#frame;
    const header = headers === undefined ? undefined : schemaHeader(headers(), this.#part);
    const behind = header === undefined ? frame.read(bytes, start, end) : frame.read(header, 0, header.length);
    const id = frame.id < 0 ? frame.guid : frame.id;
    if (id !== this.#lastId || this.#decoder === undefined) {
      const waiting = this.#find(id);
      if (waiting !== undefined) return waiting;
    }
    const decoder = this.#decoder!;
    if (header === undefined) this.#at = decoder.select?.(bytes, behind, end) ?? behind;
    else {
      decoder.select?.(header, behind, header.length);
      this.#at = start;
    }
    return undefined;
  }

  /** Sets the decoder, or says what must be waited for. Throws SchemaError. */
  #find(id: number | string): Promise<void> | undefined {
    const known = this.#known.get(id);
    if (known === undefined || ("refusal" in known && known.until < this.#clock.now())) return this.#ask(id);
    if ("refusal" in known) throw new SchemaError({ path: "", expected: `a ${this.#part} of a known schema`, got: known.refusal });
    this.#lastId = id;
    this.#decoder = known.decoder;
    return undefined;
  }

  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void {
    try {
      this.#decoder!.decodeInto(builder, bytes, this.#at, end, timestamp);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      const { path, expected, got } = error;
      const at = error.at < 0 ? -1 : error.at + this.#at - start; // in the record's value or key
      throw new SchemaError({ path, expected, got: `${got} in a ${this.#part} of schema ${this.#lastId}` }, at);
    }
  }

  /** Rejects when the registry cannot be asked: the job fails, and its restart strategy says when it is tried again. */
  async #ask(id: number | string): Promise<void> {
    if (this.#known.size >= MAX_SCHEMAS) this.#known.clear();
    try {
      const found = await (typeof id === "number" ? this.#registry.byId(id) : this.#registry.byGuid(id));
      const { schemaType } = this.#format;
      if (found.schemaType !== schemaType) throw new BadSchemaError(`It is ${found.schemaType}, not ${schemaType}.`);
      this.#known.set(id, { decoder: this.#format.reader(this.#type, found, await this.#registry.referenced(found)) });
    } catch (error) {
      const refusal = refusalOf(error, id);
      if (refusal === undefined) throw error;
      this.#known.set(id, { refusal, until: this.#clock.now() + UNKNOWN_FOR_MS });
    }
  }
}

function refusalOf(error: unknown, id: number | string): string | undefined {
  if (error instanceof RegistryClientError) return error.status === 404 ? `schema ${id}, which the registry does not know` : undefined;
  if (error instanceof BadSchemaError || (error as { code?: string }).code === "INVALID_SCHEMA")
    return `schema ${id}: ${(error as Error).message}`;
  return undefined;
}

/** The last one counts; a null is none. */
function schemaHeader(headers: readonly RecordHeader[], part: "value" | "key"): Uint8Array | undefined {
  const name = schemaHeaderOf(part);
  return headers.findLast(({ key }) => key === name)?.value ?? undefined;
}
