// Is everything that one JSON Schema takes also taken by another? Structural: each rule looks at one place, and what no rule knows to be
// wider counts as incompatible. Sums (anyOf, oneOf) may gain parts, products (allOf) lose them; parts are matched one to one. The rules and
// their names are those of Confluent's registry; keywords that it does not look at are compared in the same way.
import type { Incompatibility } from "../incompatibility.ts";
import { compareArrays } from "./compare-arrays.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareNumbers, compareStrings, compareValues } from "./compare-scalars.ts";
import { incompatible, type Compare, type Side } from "./comparison.ts";
import type { JsonSchemaValue, Located } from "./json-schema-document.ts";
import { formatsAreRemarks, kindOf, type SchemaKind } from "./json-schema-kind.ts";
import { largestMatching } from "./matching.ts";
import { isJsonObject, sortNames } from "../json-numbers.ts";

type Combined = Extract<SchemaKind, { kind: "combined" }>;
type Conditional = Extract<SchemaKind, { kind: "conditional" }>;

/** About a second, in which a registry answers nobody else. 16 definitions that all hold each other in a oneOf take most of it. */
const MAX_COMPARISONS = 300_000;
/** Deeper pairs are compared after those around them: the stack is not endless. */
const MAX_DEPTH = 300;
/** As they are estimated: mostly far fewer. A few seconds at the very worst. */
const MAX_MATCHING_STEPS = 1_000_000_000;
const MAX_FOUND = 1000;

/** What the policy LENIENT lets pass: properties that come and go beside the named ones. */
const LENIENT: ReadonlySet<string> = new Set([
  "ADDITIONAL_PROPERTIES_NARROWED",
  "ADDITIONAL_PROPERTIES_REMOVED",
  "UNEVALUATED_PROPERTIES_NARROWED",
  "UNEVALUATED_PROPERTIES_REMOVED",
  "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
  "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
  "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
  "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
  "PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
]);

/** Empty: everything that `writer` takes, `reader` takes. `lenient`: properties may come and go where others may stand beside them. */
export function jsonSchemaIncompatibilities(reader: Located, writer: Located, lenient: boolean): Incompatibility[] {
  return new Comparison(lenient).run(reader, writer);
}

/** What is known of two schemas. */
interface Pair {
  state: "new" | "open" | "done";
  /** Met inside of itself or too deep, and taken to be compatible there. */
  assumed: boolean;
  /** Assumed, and found not to be. */
  refuted: boolean;
  path: string;
  found: readonly Incompatibility[];
}

/** The comparison would take too long. */
class TooComplexError extends Error {
  override readonly name = "TooComplexError";
}

/** Each pair of schemas is compared once. A pair inside of itself is taken to be compatible; where it is not, all that relied on it is redone. */
class Comparison {
  readonly #lenient: boolean;
  readonly #pairs = new Map<JsonSchemaValue, Map<JsonSchemaValue, Pair>>();
  readonly #deferred: { readonly pair: Pair; readonly reader: SchemaKind; readonly writer: SchemaKind; readonly path: string }[] = [];
  #refuted = 0;
  #comparisons = 0;
  #matchingSteps = 0;
  #depth = 0;

  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  run(reader: Located, writer: Located): Incompatibility[] {
    try {
      for (;;) {
        const before = this.#refuted;
        const found = this.compare(reader, writer, "");
        // With fewer assumptions it is no more compatible.
        if (found.length > 0) return found;
        for (let later = this.#deferred.pop(); later !== undefined; later = this.#deferred.pop())
          if (later.pair.state === "new") this.#decide(later.pair, later.reader, later.writer, later.path);
        if (this.#refuted === before) return [];
        for (const writers of this.#pairs.values()) for (const pair of writers.values()) pair.state = "new";
      }
    } catch (error) {
      if (!(error instanceof TooComplexError)) throw error;
      const text = `The schemas cannot be compared in ${MAX_COMPARISONS} steps, or their patterns and names are too many.`;
      return [incompatible("COMPARISON_TOO_COMPLEX", "/", text, undefined, undefined)];
    }
  }

  readonly compare: Compare = Object.assign(
    (readerAt: Located | undefined, writerAt: Located | undefined, path: string) => this.#compare(readerAt, writerAt, path),
    { spend: (steps: number) => this.#spend(steps) },
  );

  #spend(steps: number): void {
    this.#matchingSteps += steps;
    if (this.#matchingSteps > MAX_MATCHING_STEPS) throw new TooComplexError();
  }

  #compare(readerAt: Located | undefined, writerAt: Located | undefined, path: string): Incompatibility[] {
    if (++this.#comparisons > MAX_COMPARISONS) throw new TooComplexError();
    if (readerAt === undefined) return [];
    const reader = kindOf(readerAt);
    if (writerAt === undefined)
      return [incompatible("SCHEMA_ADDED", path, "The reader has a schema where the writer had none.", reader.schema, undefined)];
    const writer = kindOf(writerAt);
    if (reader.kind === "any" || writer.kind === "never") return [];
    return this.#pair(reader, writer, path);
  }

  #pair(reader: SchemaKind, writer: SchemaKind, path: string): Incompatibility[] {
    const pair = this.#known(reader.schema, writer.schema);
    if (pair.state === "done") return moved(pair, path);
    if (pair.state === "new" && this.#depth < MAX_DEPTH) return this.#decide(pair, reader, writer, path);
    pair.assumed = true;
    if (pair.refuted) return moved(pair, path);
    if (pair.state === "new") this.#deferred.push({ pair, reader, writer, path });
    return [];
  }

  #decide(pair: Pair, reader: SchemaKind, writer: SchemaKind, path: string): Incompatibility[] {
    pair.state = "open";
    this.#depth++;
    const all = this.#kinds(reader, writer, path);
    const found = (this.#lenient ? all.filter(({ type }) => !LENIENT.has(type)) : all).slice(0, MAX_FOUND);
    this.#depth--;
    Object.assign(pair, { state: "done", path, found } satisfies Partial<Pair>);
    if (pair.assumed && pair.found.length > 0 && !pair.refuted) {
      pair.refuted = true;
      this.#refuted++;
    }
    return [...pair.found];
  }

  #known(reader: JsonSchemaValue, writer: JsonSchemaValue): Pair {
    let writers = this.#pairs.get(reader);
    if (writers === undefined) this.#pairs.set(reader, (writers = new Map()));
    let pair = writers.get(writer);
    if (pair === undefined) writers.set(writer, (pair = { state: "new", assumed: false, refuted: false, path: "", found: [] }));
    return pair;
  }

  #kinds(reader: SchemaKind, writer: SchemaKind, path: string): Incompatibility[] {
    if (reader.kind === "combined") {
      if (writer.kind === "combined") return this.#combined(reader, writer, path);
      return this.#isPart(reader, writer, path) ? [] : [typeChanged(reader, writer, path)];
    }
    if (writer.kind === "combined") return this.#hasPart(reader, writer, path) ? [] : [typeChanged(reader, writer, path)];
    if (reader.kind === "not" && writer.kind === "not") {
      if (this.compare(writer.inner, reader.inner, `${path}/not`).length === 0) return [];
      return [
        incompatible("NOT_TYPE_EXTENDED", `${path}/not`, "The reader excludes more than the writer did.", reader.schema, writer.schema),
      ];
    }
    if (reader.kind === "conditional" && writer.kind === "conditional") return this.#conditions(reader, writer, path);
    if (writer.kind === "enum" && reader.kind === "enum" && writer.isConst === reader.isConst)
      return compareValues(reader.values, writer.values, reader.isConst, path);
    if (reader.kind === "type" && writer.kind === "type" && sameClass(reader.type, writer.type)) return this.#types(reader, writer, path);
    return areBytes(reader, writer) ? [] : [typeChanged(reader, writer, path)];
  }

  #types(reader: Extract<SchemaKind, { kind: "type" }>, writer: Extract<SchemaKind, { kind: "type" }>, path: string): Incompatibility[] {
    const [read, written] = [reader.keywords, writer.keywords];
    switch (reader.type) {
      case "string":
        return compareStrings(read, written, path);
      case "number":
        return compareNumbers(read, written, path);
      case "integer": {
        const found = compareNumbers(read, written, path);
        if (writer.type === "integer") return found;
        return [...found, incompatible("TYPE_NARROWED", place(path), "The writer's numbers need not be whole.", "integer", "number")];
      }
      case "object":
        return compareObjects(sideOf(reader), sideOf(writer), path, this.compare);
      case "array":
        return compareArrays(sideOf(reader), sideOf(writer), path, this.compare);
      default:
        return [];
    }
  }

  /** The writer combines, the reader does not: of schemas at once the reader may ask for one. */
  #hasPart(reader: SchemaKind, writer: Combined, path: string): boolean {
    if (writer.parts.length !== 1 && writer.criterion !== "allOf") return false;
    return writer.parts.some((part) => this.compare(reader, part, path).length === 0);
  }

  #conditions(reader: Conditional, writer: Conditional, path: string): Incompatibility[] {
    const [now, before] = [branch(reader, "if"), branch(writer, "if")];
    if (this.compare(now, before, `${path}/if`).length > 0 || this.compare(before, now, `${path}/if`).length > 0) {
      const text = "The reader asks for something else than the writer did, and under another condition.";
      return [incompatible("CONDITION_CHANGED", `${path}/if`, text, reader.schema, writer.schema)];
    }
    return (["then", "else"] as const).flatMap((name) =>
      this.compare(branch(reader, name), branch(writer, name) ?? { schema: true, document: writer.document }, `${path}/${name}`),
    );
  }

  /** The reader combines, the writer does not: it may be one of the alternatives. */
  #isPart(reader: Combined, writer: SchemaKind, path: string): boolean {
    if (reader.parts.length !== 1 && reader.criterion === "allOf") return false;
    return reader.parts.some((part) => this.compare(part, writer, path).length === 0);
  }

  #combined(reader: Combined, writer: Combined, path: string): Incompatibility[] {
    const changed = (type: string, text: string): Incompatibility => incompatible(type, place(path), text, reader.schema, writer.schema);
    if (!mayBecome(writer, reader))
      return [changed("COMBINED_TYPE_CHANGED", `The writer's ${writer.criterion} became ${reader.criterion}.`)];
    const found: Incompatibility[] = [];
    const [read, written] = [distinct(reader.parts), distinct(writer.parts)];
    if (reader.criterion === "allOf" && read.length > written.length)
      found.push(changed("PRODUCT_TYPE_EXTENDED", "The reader asks for more schemas at once."));
    if (writer.criterion !== "allOf" && read.length < written.length)
      found.push(changed("SUM_TYPE_NARROWED", "The reader has fewer alternatives."));
    const here = `${path}/${writer.criterion}`;
    const matched = largestMatching(written.length, read.length, (w, r) => this.compare(read[r], written[w], `${here}/${w}`).length === 0);
    if (matched < Math.min(read.length, written.length))
      found.push(changed("COMBINED_TYPE_SUBSCHEMAS_CHANGED", "Not every part has a counterpart that takes it."));
    return found;
  }
}

function branch({ keywords, document }: Conditional, name: "if" | "then" | "else"): Located | undefined {
  const schema = keywords[name];
  return schema === undefined ? undefined : { schema: schema as JsonSchemaValue, document };
}

/** What was found for a pair elsewhere, as it is here. */
function moved({ path: from, found }: Pair, path: string): Incompatibility[] {
  if (from === path) return [...found];
  return found.map((each) => ({ ...each, path: path + (from === "" && each.path === "/" ? "" : each.path.slice(from.length)) }));
}

function mayBecome(writer: Combined, reader: Combined): boolean {
  if (writer.criterion === reader.criterion || reader.criterion === "anyOf") return true;
  if (writer.parts.length === 1) return reader.criterion === "oneOf" || reader.parts.length === 1;
  return reader.parts.length === 1 && writer.criterion === "allOf";
}

function distinct(parts: readonly Located[]): Located[] {
  return [...new Map(parts.map((part) => [textOf(part), part])).values()];
}

/** Parts stay the same objects and are met again and again. */
const TEXTS = new WeakMap<object, string>();

function textOf({ schema, document }: Located): string {
  if (typeof schema === "boolean") return String(schema);
  let text = TEXTS.get(schema);
  if (text === undefined) {
    const isRemark = (name: string, value: unknown): boolean => name === "format" && typeof value === "string";
    const counted = formatsAreRemarks(document) ? (name: string, value: unknown) => (isRemark(name, value) ? undefined : value) : undefined;
    TEXTS.set(schema, (text = JSON.stringify(sortNames(schema), counted)));
  }
  return text;
}

function sameClass(reader: string, writer: string): boolean {
  const isNumber = (type: string): boolean => type === "number" || type === "integer";
  return reader === writer || (isNumber(reader) && isNumber(writer));
}

/** Kafka Connect says that both are bytes: a decimal as a text or as a number. */
function areBytes(...kinds: readonly SchemaKind[]): boolean {
  return kinds.every(({ schema }) => isJsonObject(schema) && schema["connect.type"] === "bytes");
}

function sideOf({ keywords, document }: Extract<SchemaKind, { kind: "type" }>): Side {
  return { keywords, located: (schema) => ({ schema: schema as JsonSchemaValue, document }) };
}

function typeChanged(reader: SchemaKind, writer: SchemaKind, path: string): Incompatibility {
  const text = "The reader's schema is of another kind than the writer's.";
  return incompatible("TYPE_CHANGED", place(path), text, reader.schema, writer.schema);
}

function place(path: string): string {
  return path === "" ? "/" : path;
}
