// What the registry knows of a schema text: its two forms, and whether it reads what another of its type wrote.
import type { Incompatibility } from "../schema/incompatibility.ts";
import type { SchemaType } from "./schema-entry.ts";

export interface ComparisonOptions {
  readonly policy: "STRICT" | "LENIENT";
}

/** What a text is held to; stored versions are taken as they are. */
export interface Checks {
  /** References lead somewhere, defaults fit. */
  readonly rules: boolean;
  /** Names are those that the format allows. */
  readonly names: boolean;
  /** validateFields: no name of a top-level field begins with "$$". */
  readonly fields?: boolean;
}

export interface ParsedSchema {
  readonly type: SchemaType;
  /** What is stored: equal texts share an id. */
  readonly canonical: string;
  /** What is stored where normalisation is asked for. */
  normalized(): string;
  /** A record's field, a property, or a field of the first message. */
  hasTopLevelField(name: string): boolean;
  /** The text with what it refers to in it; undefined: the format has no such text. */
  resolved(): string | undefined;
  /** Of this schema as the reader; empty: reads all that `writer` wrote. `writer` has the same type. */
  incompatibilities(writer: ParsedSchema, options: ComparisonOptions): Incompatibility[];
}

/** A referenced schema under the name by which the text refers to it, with its own references before it in the list. */
export interface ResolvedReference {
  readonly name: string;
  readonly schema: string;
  /** The names its own text refers to. */
  readonly references: readonly string[];
}
