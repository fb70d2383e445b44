// How bytes of a writer's message become values of a type: what resolve-proto.ts decides once and the readers carry out.
import type { ProtoCursor } from "./proto-cursor.ts";

export type ElementPlan = LeafPlan | MessagePlan;

export interface LeafPlan {
  readonly op: "leaf";
  /** How it is written. */
  readonly wire: number;
  /** Throws SchemaError. undefined: of a closed enum, and has no name there: as if it were not there. */
  readonly read: (cursor: ProtoCursor) => unknown;
  /** For generated code: what `read` is, when it is one of the plain ones. */
  readonly plain: PlainRead | undefined;
  /** For generated code: a text that is one of these. */
  readonly allowed?: ReadonlySet<string>;
}

export type PlainRead = "int32" | "sint32" | "long" | "double" | "float" | "bool" | "text";

export interface MessagePlan {
  readonly op: "message";
  /** For errors. */
  readonly name: string;
  readonly slots: readonly SlotPlan[];
  /** By number. */
  readonly fields: ReadonlyMap<number, FieldPlan>;
  /** What becomes of the slots' values; undefined: a record. Throws SchemaError. */
  readonly make: ((values: readonly unknown[]) => unknown) | undefined;
  /** For generated code: `make` counts seconds and nanos in so many units per second, as a number. */
  readonly unitsPerSecond?: number;
}

export interface SlotPlan {
  /** The property. */
  readonly name: string;
  /** The value of a field that was not there; throws SchemaError when it had to be. */
  readonly absent: () => unknown;
}

export interface FieldPlan {
  readonly number: number;
  readonly slot: number;
  /** For errors. */
  readonly name: string;
  readonly shape: "one" | "repeated" | "map";
  readonly element: ElementPlan;
  /** Of maps. */
  readonly key: LeafPlan | undefined;
  /** The absent key and value of a map's entry. */
  readonly zeroKey: unknown;
  readonly zero: () => unknown;
  /** Its length is not written, its end is marked. */
  readonly delimited: boolean;
  /** Slots of the other fields of its oneof. */
  readonly clears: readonly number[];
}
