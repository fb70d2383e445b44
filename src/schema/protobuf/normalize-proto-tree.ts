// A ProtoTree in the order and with the names that normalisation asks for, as Confluent's registry has them: types in full with a dot in front,
// fields, reserved numbers and options sorted, options under their full names and in one piece. Numbers keep their value.
import { SchemaParseError } from "../incompatibility.ts";
import { mapTypes, SCALAR_TYPES, type EnumTree, type ExtendTree, type FieldTree, type GroupTree, type MessageTree } from "./proto-tree.ts";
import type { OptionTree, OptionValue, ProtoTree, RangesTree, TypeTree } from "./proto-tree.ts";

/** What a file may name: types and custom options by their full names. */
export interface ProtoNames {
  readonly types: ReadonlySet<string>;
  /** Map entries that are written as messages, as descriptors have them: key and value. */
  readonly entries: ReadonlyMap<string, readonly [key: string, value: string]>;
  /** Whether one may be there several times. */
  readonly options: ReadonlyMap<string, boolean>;
}

const CONFLUENT_OPTIONS = ["file_meta", "message_meta", "field_meta", "enum_meta", "enum_value_meta"].map((name) => `confluent.${name}`);

/** Of these files; `known`: types that are there anyway. */
export function protoNames(files: readonly ProtoTree[], known: Iterable<string> = []): ProtoNames {
  const types = new Set(known);
  const entries = new Map<string, readonly [string, string]>();
  const options = new Map(CONFLUENT_OPTIONS.map((name) => [name, false]));
  const extend = (prefix: string, extends_: readonly ExtendTree[]): void => {
    for (const { fields, groups } of extends_) {
      for (const { name, label } of fields) options.set(joined(prefix, name), label === "repeated");
      // A group's field is called as the group, in small letters.
      for (const { name, label } of groups) options.set(joined(prefix, name.toLowerCase()), label === "repeated");
    }
  };
  const visit = (prefix: string, all: readonly TypeTree[]): void => {
    for (const type of all) {
      const name = joined(prefix, type.name);
      types.add(name);
      if (type.kind !== "message") continue;
      const entry = entryOf(type);
      if (entry !== undefined) entries.set(name, entry);
      extend(name, type.extends);
      visit(name, type.types);
    }
  };
  for (const file of files) {
    extend(file.package ?? "", file.extends);
    visit(file.package ?? "", file.types);
  }
  return { types, entries, options };
}

/** Throws SchemaParseError if it names a type that is not there. */
export function normalizedTree(file: ProtoTree, names: ProtoNames): ProtoTree {
  return new Normalizer(file, names).file();
}

function entryOf({ options, fields }: MessageTree): readonly [string, string] | undefined {
  const isEntry = options.some(({ name, value }) => name === "map_entry" && value.kind === "word" && value.text === "true");
  const [key, value] = ["key", "value"].map((name) => fields.find((field) => field.name === name)?.type);
  return isEntry && key !== undefined && value !== undefined ? [key, value] : undefined;
}

function append<T>(into: Map<string, T[]>, name: string, value: T): void {
  const all = into.get(name);
  if (all === undefined) into.set(name, [value]);
  else all.push(value);
}

function joined(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

class Normalizer {
  readonly #file: ProtoTree;
  readonly #names: ProtoNames;
  /** From the package on to the type that is being looked at. */
  readonly #scope: string[];

  constructor(file: ProtoTree, names: ProtoNames) {
    this.#file = file;
    this.#names = names;
    this.#scope = file.package === undefined ? [] : file.package.split(".");
  }

  file(): ProtoTree {
    const file = this.#file;
    const unique = (paths: readonly string[]): string[] => [...new Set(paths)].toSorted(byCode);
    return {
      ...file,
      syntax: file.syntax === "proto3" ? file.syntax : undefined,
      imports: unique(file.imports),
      publicImports: unique(file.publicImports),
      weakImports: unique(file.weakImports),
      options: this.#options(file.options),
      types: this.#types(file.types),
      extends: this.#extends(file.extends),
      services: file.services.map((service) => ({
        ...service,
        options: this.#options(service.options),
        rpcs: service.rpcs.map((rpc) => ({
          ...rpc,
          request: this.#inFull(rpc.request, `the call "${rpc.name}"`),
          response: this.#inFull(rpc.response, `the call "${rpc.name}"`),
          options: this.#options(rpc.options),
        })),
      })),
    };
  }

  #types(types: readonly TypeTree[]): TypeTree[] {
    const written = types.filter((type) => type.kind === "enum" || entryOf(type) === undefined);
    return written.map((type) => {
      this.#scope.push(type.name);
      const made = type.kind === "message" ? this.#message(type) : this.#enum(type);
      this.#scope.pop();
      return made;
    });
  }

  #message(message: MessageTree): MessageTree {
    const oneofs = message.oneofs
      .filter(({ fields }) => fields.length > 0)
      .map((oneof) => ({
        ...oneof,
        fields: this.#fields(oneof.fields),
        groups: this.#groups(oneof.groups),
        options: this.#options(oneof.options),
      }))
      .toSorted((a, b) => a.fields[0]!.tag - b.fields[0]!.tag);
    return {
      ...message,
      reserved: sortedRanges(message.reserved),
      options: this.#options(message.options),
      fields: this.#fields(message.fields),
      oneofs,
      groups: this.#groups(message.groups),
      extensions: sortedRanges(message.extensions),
      extends: this.#extends(message.extends),
      types: this.#types(message.types),
    };
  }

  #enum(type: EnumTree): EnumTree {
    const constants = type.constants
      .map((constant) => ({ ...constant, options: this.#options(constant.options) }))
      .toSorted((a, b) => a.tag - b.tag || byCode(a.name, b.name));
    return { ...type, reserved: sortedRanges(type.reserved), options: this.#options(type.options), constants };
  }

  #groups(groups: readonly GroupTree[]): GroupTree[] {
    const inside = ({ fields, groups: of }: GroupTree) => ({ fields: this.#fields(fields), groups: this.#groups(of) });
    return groups.map((group) => ({ ...group, ...inside(group) })).toSorted((a, b) => a.tag - b.tag);
  }

  /** One for each message that is extended. */
  #extends(all: readonly ExtendTree[]): ExtendTree[] {
    const byName = new Map<string, ExtendTree[]>();
    for (const extend of all)
      if (extend.fields.length + extend.groups.length > 0) append(byName, this.#inFull(extend.name, "an extension"), extend);
    return [...byName].map(([name, each]) => ({
      name,
      fields: this.#fields(each.flatMap(({ fields }) => fields)),
      groups: this.#groups(each.flatMap(({ groups }) => groups)),
    }));
  }

  #fields(fields: readonly FieldTree[]): FieldTree[] {
    return fields.map((field) => this.#field(field)).toSorted((a, b) => a.tag - b.tag);
  }

  #field(field: FieldTree): FieldTree {
    const options = this.#options(field.options);
    const type =
      SCALAR_TYPES.has(field.type) || mapTypes(field.type) !== undefined
        ? field.type
        : this.#inFull(field.type, `the field "${field.name}"`);
    const map = mapTypes(type) ?? this.#names.entries.get(type.slice(1));
    if (map === undefined) return { ...field, type, options };
    const [key, value] = map;
    const found = this.#resolved(value, this.#names.types);
    return { ...field, label: undefined, type: `map<${key}, ${found === undefined ? value : `.${found}`}>`, options };
  }

  #inFull(name: string, where: string): string {
    const found = this.#resolved(name, this.#names.types);
    if (found === undefined) throw new SchemaParseError(`The type "${name}" of ${where} in "${this.#scope.join(".")}" is not defined.`);
    return `.${found}`;
  }

  /** From the innermost scope outwards; a leading dot means from the top. */
  #resolved(name: string, among: { has(name: string): boolean }): string | undefined {
    if (name.startsWith(".")) return among.has(name.slice(1)) ? name.slice(1) : undefined;
    for (let depth = this.#scope.length; depth >= 0; depth--) {
      const full = [...this.#scope.slice(0, depth), name].join(".");
      if (among.has(full)) return full;
    }
    return undefined;
  }

  /** By name, each of those that may be there once in one piece. */
  #options(options: readonly OptionTree[]): OptionTree[] {
    const byName = new Map<string, OptionTree[]>();
    for (const option of options.map((each) => this.#named(each)).toSorted((a, b) => byCode(a.name, b.name)))
      append(byName, option.name, option);
    return [...byName].flatMap(([name, all]) => {
      const isSingle = this.#names.options.get(name) === false;
      return (isSingle ? [all.reduce(merged)] : all).map((option) => ({ ...option, value: this.#value(option.value) }));
    });
  }

  #named(option: OptionTree): OptionTree {
    const name = option.isCustom ? this.#resolved(option.name, this.#names.options) : undefined;
    return name === undefined ? option : asMap({ ...option, name });
  }

  #value(value: OptionValue): OptionValue {
    if (value.kind === "number") return { ...value, text: plainNumber(value.text) };
    if (value.kind === "part") return { kind: "part", part: { ...value.part, value: this.#value(value.part.value) } };
    if (value.kind === "list") return { kind: "list", items: value.items.map((item) => this.#inside(item)) };
    return value.kind === "map" ? this.#map(value.entries) : value;
  }

  /** In a map or a list: a list of one is that one. */
  #inside(value: OptionValue): OptionValue {
    return value.kind === "list" && value.items.length === 1 ? this.#inside(value.items[0]!) : this.#value(value);
  }

  #map(entries: ReadonlyMap<string, OptionValue>): OptionValue {
    const made: [string, OptionValue][] = [];
    for (const [key, value] of entries) {
      if (value.kind === "list" && value.items.length === 0) continue;
      const name = key.startsWith("[") ? this.#resolved(key.slice(1, -1), this.#names.options) : undefined;
      made.push([name === undefined ? key : `[${name}]`, this.#inside(value)]);
    }
    return { kind: "map", entries: new Map(made.toSorted(([a], [b]) => byCode(a, b))) };
  }
}

/** (a).b = 1 is (a) = { b: 1 }. */
function asMap(option: OptionTree): OptionTree {
  const inMap = (part: OptionTree): OptionValue => ({ kind: "map", entries: new Map([[part.name, part.value.kind === "part" ? inMap(part.value.part) : part.value]]) }); // prettier-ignore
  return option.value.kind === "part" ? { ...option, value: inMap(option.value.part) } : option;
}

function merged(before: OptionTree, option: OptionTree): OptionTree {
  if (before.value.kind !== "map" || option.value.kind !== "map") return option;
  const entries = new Map(before.value.entries);
  for (const [key, value] of option.value.entries) {
    const first = entries.get(key);
    const items = (each: OptionValue): readonly OptionValue[] => (each.kind === "list" ? each.items : [each]);
    entries.set(key, first === undefined ? value : { kind: "list", items: distinct([...items(first), ...items(value)]) });
  }
  return { ...option, value: { kind: "map", entries } };
}

function distinct(values: readonly OptionValue[]): OptionValue[] {
  const text = (value: OptionValue): string => JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? [...each] : each));
  return [...new Map(values.map((value) => [text(value), value])).values()];
}

/** Each on its own, numbers before names. */
function sortedRanges(all: readonly RangesTree[]): RangesTree[] {
  type Range = RangesTree[number];
  const isSpan = (range: Range): range is { readonly from: number; readonly to: number } => typeof range === "object" && "from" in range;
  const start = (range: Range): number => (typeof range === "number" ? range : isSpan(range) ? range.from : Infinity);
  const text = (range: Range): string =>
    isSpan(range) ? `${range.from}..${range.to}` : typeof range === "object" ? range.identifier : `${range}`;
  const single = (range: Range): Range => (isSpan(range) && range.from === range.to ? range.from : range);
  return all
    .flat()
    .toSorted((a, b) => (start(a) === start(b) ? byCode(text(a), text(b)) : start(a) - start(b)))
    .map((range) => [single(range)]);
}

/** Without zeros at its ends and without an exponent, in tens. */
function plainNumber(text: string): string {
  if (/^-?0[xX][0-9a-fA-F]+$/.test(text)) return `${text.startsWith("-") ? "-" : ""}${BigInt(text.replace("-", ""))}`;
  if (/^-?0[0-7]+$/.test(text)) return `${text.startsWith("-") ? "-" : ""}${BigInt(`0o${text.replace("-", "")}`)}`;
  if (/^-?[\d.]+[eE]/.test(text) && Number.isSafeInteger(Number(text))) return String(Number(text));
  const [, sign, whole, part] = /^(-?)(\d*)\.(\d*?)0*$/.exec(text) ?? [];
  if (sign === undefined) return text;
  return `${sign}${whole === "" ? "0" : whole}${part === "" ? "" : `.${part}`}`;
}

/** As Java compares texts. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
