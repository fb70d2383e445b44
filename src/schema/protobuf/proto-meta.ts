// What (confluent.message_meta) and (confluent.field_meta) say in a .proto text: doc, params and tags of messages and fields; and the text with
// other tags. The text is edited line by line in its layout (proto-text.ts); each place's options become one.
import protobuf from "protobufjs";
import { parseProtoText, realName } from "./parse-text.ts";
import { protoLayout } from "./proto-text.ts";

export interface TaggedPlace {
  /** Full names with dots, such as "shop.Order" and "shop.Order.customer". */
  readonly path: string;
  readonly kind: "message" | "field";
  readonly tags: readonly string[];
}

/** confluent.Meta. */
interface Meta {
  readonly doc?: unknown;
  readonly params?: readonly unknown[];
  readonly tags?: readonly string[];
}

const OPTIONS = { message: "(confluent.message_meta)", field: "(confluent.field_meta)" } as const;
const META_FILE = "confluent/meta.proto";
const FIELD = /^((?:(?:optional|required|repeated) )?(?:map<[^>]*>|[\w.]+) (\w+) = \w+)(?: \[(.*)\])?;$/;
const NO_FIELD = /^(?:option|reserved|extensions|syntax|package|import|edition|rpc|returns)\b/;

/** All messages and fields, with their tags. The text is one that can be parsed. */
export function taggedPlaces(text: string): TaggedPlace[] {
  return [...metaOf(text)].map(([path, { kind, meta }]) => ({ path, kind, tags: meta.tags ?? [] }));
}

/** The text in its layout; `change` tells the tags of each place. */
export function withTags(text: string, change: (place: TaggedPlace) => readonly string[]): string {
  const places = metaOf(text);
  const after = new Map<string, { readonly changed: boolean; readonly meta: Meta }>();
  for (const [path, { kind, meta }] of places) {
    const before = meta.tags ?? [];
    const tags = change({ path, kind, tags: before });
    after.set(path, { changed: tags.join("\n") !== before.join("\n"), meta: { ...meta, tags } });
  }
  const lines: string[] = [];
  const scopes: Scope[] = [];
  for (const line of protoLayout(text).trimEnd().split("\n")) edit(line, scopes, after, lines);
  const isTagged = [...after.values()].some(({ changed, meta }) => changed && meta.tags!.length > 0);
  return `${(isTagged ? withImport(lines) : lines).join("\n")}\n`;
}

/** A block: `path` of a message; of others that of the message around it. */
interface Scope {
  readonly isMessage: boolean;
  readonly path: string;
}

type Changes = ReadonlyMap<string, { readonly changed: boolean; readonly meta: Meta }>;

function edit(line: string, scopes: Scope[], changes: Changes, lines: string[]): void {
  const statement = line.trimStart();
  const indent = line.slice(0, line.length - statement.length);
  const around = scopes.at(-1);
  if (statement.startsWith("package ")) scopes.push({ isMessage: false, path: statement.slice("package ".length, -1) });
  if (statement === "}") scopes.pop();
  if (statement.endsWith("{")) {
    const [, message] = /^message (\w+) \{$/.exec(statement) ?? [];
    const path = message === undefined ? (around?.path ?? "") : joined(around?.path ?? "", message);
    scopes.push({ isMessage: message !== undefined, path });
    lines.push(line);
    const change = message === undefined ? undefined : changes.get(path);
    const option = change?.changed === true ? metaText(change.meta) : "";
    if (option !== "") lines.push(`${indent}  option ${OPTIONS.message} = ${option};`);
    return;
  }
  if (around?.isMessage === true && statement.startsWith(`option ${OPTIONS.message}`) && changes.get(around.path)?.changed === true) return;
  const [, definition, name, options = ""] = NO_FIELD.test(statement) ? [] : (FIELD.exec(statement) ?? []);
  const change = name === undefined ? undefined : changes.get(joined(around?.path ?? "", name));
  if (change?.changed !== true) {
    lines.push(line);
    return;
  }
  const meta = metaText(change.meta);
  const kept = splitOptions(options).filter((option) => !option.startsWith(OPTIONS.field));
  const all = meta === "" ? kept : [...kept, `${OPTIONS.field} = ${meta}`];
  lines.push(`${indent}${definition}${all.length === 0 ? "" : ` [${all.join(", ")}]`};`);
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** "" when there is nothing to say. */
function metaText(meta: Meta): string {
  const parts = Object.entries(meta)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${valueText(value)}`);
  return parts.length === 0 ? "" : `{ ${parts.join(", ")} }`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, each]) => `${name}: ${valueText(each)}`)
      .join(", ")} }`;
  return JSON.stringify(value);
}

/** At the commas that stand in no text and no bracket. */
function splitOptions(options: string): string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: token, index } of options.matchAll(/"(?:\\.|[^"\\])*"|[[\]{},]/g)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    else if (token === "," && depth === 0) {
      parts.push(options.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, options.slice(start)].map((part) => part.trim()).filter((part) => part !== "");
}

function withImport(lines: readonly string[]): string[] {
  const own = `import "${META_FILE}";`;
  if (lines.includes(own)) return [...lines];
  const at = lines.findLastIndex((line) => /^(?:import|package|syntax|edition)\b/.test(line)) + 1;
  const space = lines[at - 1]?.startsWith("import") === true ? [] : [""];
  return [...lines.slice(0, at), ...space, own, ...lines.slice(at)];
}

function metaOf(text: string): Map<string, { readonly kind: "message" | "field"; readonly meta: Meta }> {
  const places = new Map<string, { readonly kind: "message" | "field"; readonly meta: Meta }>();
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const each of namespace.nestedArray) {
      if (each instanceof protobuf.Type) {
        const path = realName(each.fullName.replace(/^\./, ""));
        places.set(path, { kind: "message", meta: merged(each.parsedOptions, OPTIONS.message) });
        for (const field of each.fieldsArray)
          places.set(`${path}.${realName(field.name)}`, { kind: "field", meta: merged(field.parsedOptions, OPTIONS.field) });
      }
      if (each instanceof protobuf.Namespace) visit(each);
    }
  };
  visit(parseProtoText(text, new protobuf.Root()).root);
  return places;
}

function merged(options: readonly object[] | null | undefined, name: string): Meta {
  const found = (options ?? []).map((option) => (option as Readonly<Record<string, unknown>>)[name]).filter(isObject);
  const all = (part: string): unknown[] => found.flatMap((each) => each[part] ?? []);
  const doc = found.findLast((each) => each["doc"] !== undefined)?.["doc"];
  const [params, tags] = [all("params"), all("tags") as string[]];
  return { ...(doc === undefined ? {} : { doc }), ...(params.length === 0 ? {} : { params }), ...(tags.length === 0 ? {} : { tags }) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
