// The cases of a conformance folder (README.md of that folder has the format): what is to be computed, and what Apache Flink computed.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Condition } from "./condition.ts";

export interface WindowCase {
  readonly kind: "window";
  readonly window: {
    readonly type: string;
    readonly sizeMs?: number;
    readonly slideMs?: number;
    readonly offsetMs?: number;
    readonly gapMs?: number;
    readonly gap?: { readonly if: Condition; readonly thenMs: number; readonly elseMs: number };
    readonly size?: number;
    readonly slide?: number;
  };
  readonly sum: string;
  readonly allowedLatenessMs?: number;
  readonly late?: boolean;
  readonly trigger?: Part;
  readonly evictor?: Part;
}

/** A trigger or an evictor. */
export interface Part {
  readonly type: string;
  readonly n?: number;
  readonly ms?: number;
  readonly intervalMs?: number;
  readonly threshold?: number;
  readonly field?: string;
  readonly after?: boolean;
  readonly of?: Part;
}

export interface JoinCase {
  readonly kind: "join";
  readonly join: {
    readonly type: string;
    readonly lowerMs?: number;
    readonly upperMs?: number;
    readonly lowerExclusive?: boolean;
    readonly upperExclusive?: boolean;
    readonly sizeMs?: number;
    readonly slideMs?: number;
    readonly offsetMs?: number;
    readonly gapMs?: number;
    /** Random cases only, of a temporal join: elements without a version come, too. */
    readonly outer?: boolean;
    /** Versions with a value below say that there is none from then on. */
    readonly deleteBelow?: number;
  };
  readonly left: Condition;
  readonly right: Condition;
  readonly allowedLatenessMs?: number;
  readonly trigger?: Part;
  readonly evictor?: Part;
  /** Late elements of an interval join: rows [i], and ["left" or "right", i] in random cases. */
  readonly late?: boolean;
}

export interface ProcessCase {
  readonly kind: "process";
  readonly function: string;
  readonly paramMs?: number;
}

export type Case = (WindowCase | JoinCase | ProcessCase | { readonly kind: "cep" }) & {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly input: string;
  readonly filter?: Condition;
  readonly key?: readonly string[];
  readonly watermarkDelayMs: number;
};

export interface ExpectedRows {
  readonly count: number;
  readonly sha256: string;
  readonly file?: string;
}

export interface Expected {
  readonly id: string;
  readonly main: ExpectedRows;
  readonly late?: ExpectedRows;
}

export interface Conformance {
  readonly cases: readonly Case[];
  readonly expected: ReadonlyMap<string, Expected>;
}

/** Properties of cases and of their parts that this runner reads. */
const KNOWN = new Set(
  `id group kind text input filter key watermarkDelayMs window sum allowedLatenessMs late trigger evictor join left right function paramMs
  type sizeMs slideMs offsetMs gapMs gap if thenMs elseMs size slide n ms intervalMs threshold field after of lowerMs upperMs lowerExclusive
  upperExclusive`.split(/\s+/),
);

/** Properties of a case that this runner does not know: what they mean is not built. */
export function unknownProperties(part: object): readonly string[] {
  return Object.entries(part).flatMap(([name, value]) => [
    ...(KNOWN.has(name) ? [] : [name]),
    ...(typeof value === "object" && value !== null && !Array.isArray(value) ? unknownProperties(value as object) : []),
  ]);
}

/** Throws if the folder is not of format 1. */
export function readConformance(folder: string): Conformance {
  const read = (name: string): unknown => {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`There is no ${path}: a folder with cases.json, index.json and results/ is wanted.`);
    try {
      return JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  };
  const { format, cases } = read("cases.json") as { format: number; cases: readonly Case[] };
  if (format !== 1) throw new Error(`${folder}/cases.json has format ${format}; this runner knows format 1.`);
  return { cases, expected: new Map((read("index.json") as readonly Expected[]).map((one) => [one.id, one])) };
}
