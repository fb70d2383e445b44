// .proto text → ProtoTree. Takes what the parser under Confluent's registry takes, and editions; whether types are there is not looked at.
import { SchemaParseError } from "../incompatibility.ts";
import type {
  EnumTree,
  ExtendTree,
  FieldTree,
  GroupTree,
  MessageTree,
  OneofTree,
  OptionTree,
  OptionValue,
  ProtoTree,
  RangesTree,
  RpcTree,
  ServiceTree,
  TypeTree,
} from "./proto-tree.ts";
import { MAX_TAG } from "./proto-tree.ts";
import { ProtoWords } from "./proto-words.ts";

const LABELS = new Set(["optional", "required", "repeated"]);
const MAX_DEPTH = 100;

/** Throws SchemaParseError. */
export function readProtoTree(text: string): ProtoTree {
  return new TreeReader(text).file();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

class TreeReader {
  readonly #words: ProtoWords;
  #depth = 0;
  #isEdition = false;

  constructor(text: string) {
    this.#words = new ProtoWords(text);
  }

  file(): ProtoTree {
    const file = { imports: [], publicImports: [], weakImports: [], options: [], types: [], extends: [], services: [] } as unknown as Mutable<ProtoTree>; // prettier-ignore
    const words = this.#words;
    while (!words.ended) {
      if (words.take(";")) continue;
      const word = words.word();
      if (word === "syntax" || word === "edition") {
        words.need("=");
        file[word] = words.string();
        this.#isEdition = word === "edition";
        if (word === "syntax" && !/^proto[23]$/.test(file.syntax!)) throw words.unexpected(`the syntax "${file.syntax}"`);
        words.need(";");
      } else if (word === "package") {
        file.package = words.word();
        words.need(";");
      } else if (word === "import") this.#import(file);
      else if (word === "option") file.options.push(this.#optionStatement());
      else if (word === "message" || word === "enum") file.types.push(this.#type(word));
      else if (word === "service") file.services.push(this.#service());
      else if (word === "extend") file.extends.push(this.#extend());
      else throw words.unexpected(word);
    }
    return file;
  }

  #import(file: Mutable<ProtoTree>): void {
    const into = this.#words.takeWord("public") ? file.publicImports : this.#words.takeWord("weak") ? file.weakImports : file.imports;
    into.push(this.#words.string());
    this.#words.need(";");
  }

  #type(kind: "message" | "enum"): TypeTree {
    return kind === "message" ? this.#message() : this.#enum();
  }

  #message(): MessageTree {
    this.#enter();
    const words = this.#words;
    const message: Mutable<MessageTree> = { kind: "message", name: words.word(), reserved: [], options: [], fields: [], oneofs: [], groups: [], extensions: [], extends: [], types: [] }; // prettier-ignore
    words.need("{");
    while (!words.take("}")) {
      if (words.take(";")) continue;
      const word = words.word();
      if (word === "option") message.options.push(this.#optionStatement());
      else if (word === "reserved") message.reserved.push(this.#ranges());
      else if (word === "extensions") message.extensions.push(this.#ranges());
      else if (word === "message" || word === "enum") message.types.push(this.#type(word));
      else if (word === "oneof") message.oneofs.push(this.#oneof());
      else if (word === "extend") message.extends.push(this.#extend());
      else this.#member(word, message);
    }
    this.#depth--;
    return message;
  }

  /** A field or a group; `first` is its label or its type. */
  #member(first: string, into: { readonly fields: FieldTree[]; readonly groups: GroupTree[] }): void {
    const label = LABELS.has(first) ? first : undefined;
    const type = label === undefined ? first : this.#words.word();
    if (type === "group" && !this.#words.isAt("=")) into.groups.push(this.#group(label));
    else into.fields.push(this.#field(label, type));
  }

  #field(label: string | undefined, first: string): FieldTree {
    const words = this.#words;
    let type = first;
    if (first === "map" && words.take("<")) {
      const key = words.word();
      words.need(",");
      type = `map<${key}, ${words.word()}>`;
      words.need(">");
    }
    const name = words.word();
    words.need("=");
    const tag = words.integer();
    const options = this.#options();
    words.need(";");
    const last = (each: OptionTree): number => (each.isCustom ? 0 : each.name === "default" ? 1 : each.name === "json_name" ? 2 : 0);
    return { label, type, name, tag, options: options.toSorted((a, b) => last(a) - last(b)) };
  }

  #group(label: string | undefined): GroupTree {
    this.#enter();
    const words = this.#words;
    const group: Mutable<GroupTree> = { label, name: words.word(), tag: 0, fields: [], groups: [] };
    words.need("=");
    group.tag = words.integer();
    words.need("{");
    while (!words.take("}")) if (!words.take(";")) this.#member(words.word(), group);
    this.#depth--;
    return group;
  }

  #oneof(): OneofTree {
    const words = this.#words;
    const oneof: Mutable<OneofTree> = { name: words.word(), options: [], fields: [], groups: [] };
    words.need("{");
    while (!words.take("}")) {
      if (words.take(";")) continue;
      const word = words.word();
      if (word === "option") oneof.options.push(this.#optionStatement());
      else this.#member(word, oneof);
    }
    return oneof;
  }

  #enum(): EnumTree {
    const words = this.#words;
    const made: Mutable<EnumTree> = { kind: "enum", name: words.word(), reserved: [], options: [], constants: [] };
    words.need("{");
    while (!words.take("}")) {
      if (words.take(";")) continue;
      const name = words.word();
      if (name === "option" && !words.isAt("=")) made.options.push(this.#optionStatement());
      else if (name === "reserved" && !words.isAt("=")) made.reserved.push(this.#ranges());
      else {
        words.need("=");
        const constant = { name, tag: words.integer(), options: this.#options() };
        words.need(";");
        made.constants.push(constant);
      }
    }
    return made;
  }

  #extend(): ExtendTree {
    const words = this.#words;
    const extend: Mutable<ExtendTree> = { name: words.word(), fields: [], groups: [] };
    words.need("{");
    while (!words.take("}")) if (!words.take(";")) this.#member(words.word(), extend);
    return extend;
  }

  #service(): ServiceTree {
    const words = this.#words;
    const service: Mutable<ServiceTree> = { name: words.word(), options: [], rpcs: [] };
    words.need("{");
    while (!words.take("}")) {
      if (words.take(";")) continue;
      const word = words.word();
      if (word === "option") service.options.push(this.#optionStatement());
      else if (word === "rpc") service.rpcs.push(this.#rpc());
      else throw words.unexpected(word);
    }
    return service;
  }

  #rpc(): RpcTree {
    const words = this.#words;
    const name = words.word();
    const [streamsRequests, request] = this.#rpcType();
    if (words.word() !== "returns") throw words.unexpected("what is not returns");
    const [streamsResponses, response] = this.#rpcType();
    const options: OptionTree[] = [];
    if (words.take("{")) {
      while (!words.take("}"))
        if (!words.take(";")) {
          const word = words.word();
          if (word !== "option") throw words.unexpected(word);
          options.push(this.#optionStatement());
        }
    } else words.need(";");
    return { name, request, response, streamsRequests, streamsResponses, options };
  }

  #rpcType(): [streams: boolean, type: string] {
    const words = this.#words;
    words.need("(");
    const first = words.word();
    const streams = first === "stream" && !words.isAt(")");
    const type = streams ? words.word() : first;
    words.need(")");
    return [streams, type];
  }

  #ranges(): RangesTree {
    const words = this.#words;
    const ranges: RangesTree[number][] = [];
    do {
      if (words.isAtString()) ranges.push(this.#isEdition ? { identifier: words.string() } : words.string());
      else {
        const word = words.word();
        const from = words.numberOf(word);
        if (from === undefined) ranges.push(this.#isEdition ? { identifier: word } : word);
        else if (words.takeWord("to")) ranges.push({ from, to: words.takeWord("max") ? MAX_TAG : words.integer() });
        else ranges.push(from);
      }
    } while (words.take(","));
    if (words.isAt("[")) this.#options();
    words.need(";");
    return ranges;
  }

  #optionStatement(): OptionTree {
    const option = this.#option("=");
    this.#words.need(";");
    return option;
  }

  /** In brackets, or none. */
  #options(): OptionTree[] {
    const options: OptionTree[] = [];
    if (!this.#words.take("[")) return options;
    do options.push(this.#option("="));
    while (this.#words.take(","));
    this.#words.need("]");
    return options;
  }

  #option(separator: "=" | ":"): OptionTree {
    const words = this.#words;
    const [first, ...parts] = this.#optionName();
    if (!(separator === ":" && (words.isAt("{") || words.isAt("<")))) words.need(separator);
    let value = this.#value();
    for (const part of parts.toReversed()) value = { kind: "part", part: { ...part, value } };
    return { ...first!, value };
  }

  /** name, [name], or (name) and what follows with dots: names, more in brackets. */
  #optionName(): { readonly name: string; readonly isCustom: boolean }[] {
    const words = this.#words;
    if (words.take("[")) {
      const name = `[${words.bracketed()}]`;
      words.need("]");
      return [{ name, isCustom: false }];
    }
    const parts: { name: string; isCustom: boolean }[] = [];
    do {
      if (words.take("(")) {
        parts.push({ name: words.word(), isCustom: true });
        words.need(")");
      } else {
        const word = words.word();
        const names = parts.length === 0 ? [word.replace(/\.$/, "")] : word.split(".").filter((name) => name !== "");
        for (const name of names) parts.push({ name, isCustom: false });
      }
      if (parts.length > MAX_DEPTH) throw words.unexpected("an option with too many parts");
    } while (words.isAt(".") || (parts.length > 0 && words.isAt("(")));
    return parts;
  }

  #value(): OptionValue {
    const words = this.#words;
    if (words.take("{")) return this.#map("}");
    if (words.take("<")) return this.#map(">");
    if (words.take("[")) return this.#list();
    if (words.isAtString()) return { kind: "string", text: words.string() };
    const text = words.word();
    return { kind: /^-?[\d.]/.test(text) || text.startsWith("-") ? "number" : "word", text };
  }

  #map(end: "}" | ">"): OptionValue {
    this.#enter();
    const found = new Map<string, OptionValue[]>();
    while (!this.#words.take(end)) {
      const { name, value } = this.#option(":");
      const all = found.get(name);
      if (all === undefined) found.set(name, [value]);
      else all.push(value);
      if (!this.#words.take(",")) this.#words.take(";");
    }
    this.#depth--;
    const items = (all: readonly OptionValue[]): OptionValue[] => all.flatMap((value) => (value.kind === "list" ? value.items : [value]));
    const entries = new Map(
      [...found].map(([name, all]) => [name, all.length === 1 ? all[0]! : ({ kind: "list", items: items(all) } as const)]),
    );
    return { kind: "map", entries };
  }

  #list(): OptionValue {
    this.#enter();
    const items: OptionValue[] = [];
    while (!this.#words.take("]")) {
      items.push(this.#value());
      if (!this.#words.take(",") && !this.#words.isAt("]")) throw this.#words.unexpected("what is not , or ]");
    }
    this.#depth--;
    return { kind: "list", items };
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new SchemaParseError(`The .proto text cannot be read: it is nested more than ${MAX_DEPTH} deep.`);
  }
}
