// A type as .proto text (proto3). Invariant: protoToType() of it is the same type. What Protobuf's rules do not allow gets another form, and
// the real one is kept in confluent.field_meta, which readers that do not know it ignore. Field numbers of an earlier version are kept by
// name, and those of fields that are gone are reserved: readers with generated code go by number.
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeText } from "../type-names.ts";
import { isKnownMessage, knownMessage } from "./known-messages.ts";
import { keyScalarOf, plainType, scalarOf } from "./leaf-type.ts";
import { KEY_META, NAME_META, REQUIRED_META, TYPE_META, WRAPPER_META, type MessageSchema } from "./proto-schema.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words that stand for something at the start of a field, and names of scalars. */
const RESERVED = new Set(
  (
    "message enum service extend option reserved extensions oneof map group optional required repeated returns rpc stream import package syntax edition to max true false inf nan " +
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes google confluent"
  ).split(" "),
);
const MAX_DEPTH = 100;
const MAX_FIELDS = 10_000;
const known = new WeakMap<TypeInfo, MessageSchema>();

/** The message of the type's own schema. */
export function typeToProto(type: TypeInfo): MessageSchema {
  let message = known.get(type);
  if (message === undefined) known.set(type, (message = readProtoSchema(protoText(type)).messageAt([0])));
  return message;
}

/** `previous`: the message of the version before, whose numbers are kept. The first message is the type's. */
export function protoText(type: TypeInfo, previous?: MessageSchema): string {
  return new Writer(previous).text(type);
}

interface Form {
  readonly label: "" | "optional " | "repeated ";
  readonly type: string;
  readonly meta: readonly (readonly [key: string, value: string])[];
}

class Writer {
  readonly #messages: string[] = [];
  /** Message name → the text of the type that has it. */
  readonly #names = new Map<string, string>();
  readonly #previous = new Map<string, MessageSchema>();
  /** Of known messages. */
  readonly #files = new Set<string>();
  #notes = false;

  constructor(previous: MessageSchema | undefined) {
    if (previous !== undefined) this.#remember(previous);
  }

  text(type: TypeInfo): string {
    const { space, name } = type.kind === "record" ? splitName(type.name) : { space: "", name: "Value" };
    if (type.kind === "record") this.#record(type, name, 0);
    else this.#wrapper("value", typeText(type), name, [["value", type]], 0);
    const imports = [...(this.#notes ? ["confluent/meta.proto"] : []), ...[...this.#files].sort()];
    const head = ['syntax = "proto3";', ...(space === "" ? [] : [`package ${space};`]), ...imports.map((path) => `import "${path}";`)];
    return `${head.join("\n")}\n\n${this.#messages.join("\n")}`;
  }

  #remember(message: MessageSchema): void {
    const short = message.name.slice(message.name.lastIndexOf(".") + 1);
    if (this.#previous.has(short)) return;
    this.#previous.set(short, message);
    for (const { value } of message.fields) if (value.kind === "message" && !isKnownMessage(value.name)) this.#remember(value);
  }

  #record(type: RecordType, wanted: string, depth: number): string {
    const fields = type.fields.map((field) => [field.name, field.type] as const);
    const real = splitName(type.name);
    const meta: [string, string][] = depth === 0 ? (real.whole === type.name ? [] : [[NAME_META, type.name]]) : [];
    return this.#message(wanted, typeText(type), depth, (name) => {
      if (depth > 0 && name !== type.name) meta.push([NAME_META, type.name]);
      if (type.logical !== undefined) meta.push([TYPE_META, type.logical]);
      return this.#body(name, fields, meta, depth);
    });
  }

  /** A message around what a field cannot hold. */
  #wrapper(kind: "value" | "union", text: string, hint: string, fields: readonly (readonly [string, TypeInfo])[], depth: number): string {
    return this.#message(hint, `${kind} ${text}`, depth, (name) =>
      this.#body(name, fields, [[WRAPPER_META, kind]], depth, kind === "union"),
    );
  }

  #message(wanted: string, text: string, depth: number, body: (name: string) => string): string {
    if (depth > MAX_DEPTH) throw new BadSchemaError(`The type nests more than ${MAX_DEPTH} levels deep.`);
    let name = identifier(wanted);
    for (let n = 2; this.#names.has(name) && this.#names.get(name) !== text; n++) name = `${identifier(wanted)}_${n}`;
    if (this.#names.has(name)) return name;
    this.#names.set(name, text);
    const at = this.#messages.push("") - 1; // before those it needs
    this.#messages[at] = body(name);
    return name;
  }

  #body(
    message: string,
    given: readonly (readonly [string, TypeInfo])[],
    meta: readonly (readonly [string, string])[],
    depth: number,
    oneof = false,
  ): string {
    if (given.length > MAX_FIELDS) throw new BadSchemaError(`Record ${message} has more than ${MAX_FIELDS} fields.`);
    const taken = new Set<string>();
    const fields = given.map(([real, type]) => {
      let name = identifier(real);
      for (let n = 2; taken.has(name.toLowerCase().replaceAll("_", "")); n++) name = `${identifier(real)}_${n}`;
      taken.add(name.toLowerCase().replaceAll("_", ""));
      return { name, real, type };
    });
    const { numbers, gone } = numbered(
      fields.map(({ name }) => name),
      this.#previous.get(message),
    );
    const pad = oneof ? "    " : "  ";
    const lines = fields.map(({ name, real, type }, index) => {
      const form = oneof ? this.#element(type, `${message}_${name}`, depth + 1) : this.#field(type, `${message}_${name}`, depth + 1);
      const notes = [...(name === real ? [] : [[NAME_META, real] as const]), ...form.meta];
      const options = notes.length === 0 ? "" : ` [(confluent.field_meta) = ${this.#note(notes)}]`;
      return `${pad}${form.label}${form.type} ${name} = ${numbers[index]}${options};\n`;
    });
    const head = meta.length === 0 ? "" : `  option (confluent.message_meta) = ${this.#note(meta)};\n`;
    const reserved = gone.length === 0 ? "" : `  reserved ${gone.join(", ")};\n`;
    const inside = oneof ? `  oneof of {\n${lines.join("")}  }\n` : lines.join("");
    return `message ${message} {\n${head}${reserved}${inside}}\n`;
  }

  #note(params: readonly (readonly [string, string])[]): string {
    this.#notes = true;
    return `{ params: [${params.map(([key, value]) => `{ key: ${quoted(key)}, value: ${quoted(value)} }`).join(", ")}] }`;
  }

  #field(type: TypeInfo, hint: string, depth: number): Form {
    switch (type.kind) {
      case "optional": {
        const { type: text, meta } = this.#element(type.of, hint, depth);
        return { label: scalarOf(type.of) === undefined ? "" : "optional ", type: text, meta };
      }
      case "array":
        return { ...this.#element(type.of, `${hint}_item`, depth), label: "repeated " };
      case "map": {
        const key = keyScalarOf(type.key);
        const value = this.#element(type.value, `${hint}_value`, depth);
        const noted = typeText(type.key) === typeText(plainType(key)) ? [] : [[KEY_META, typeText(type.key)] as const];
        return { label: "", type: `map<${key}, ${value.type}>`, meta: [...value.meta, ...noted] };
      }
      default: {
        const form = this.#element(type, hint, depth);
        return scalarOf(type) === undefined ? { ...form, meta: [...form.meta, [REQUIRED_META, "true"]] } : form;
      }
    }
  }

  /** What one value of the type is. */
  #element(type: TypeInfo, hint: string, depth: number): Form {
    const scalar = scalarOf(type);
    if (scalar !== undefined) {
      const meta = typeText(type) === typeText(plainType(scalar)) ? [] : [[TYPE_META, typeText(type)] as const];
      return { label: "", type: scalar, meta };
    }
    switch (type.kind) {
      case "record":
        return { label: "", type: this.#record(type, splitName(type.name).name, depth), meta: [] };
      case "union": {
        const members = type.of.map((member, index) => [`m${index + 1}`, member] as const);
        return { label: "", type: this.#wrapper("union", typeText(type), hint, members, depth), meta: [] };
      }
      case "array":
      case "map":
      case "optional":
        return { label: "", type: this.#wrapper("value", typeText(type), hint, [["value", type]], depth), meta: [] };
      default: {
        const { name, file, notes } = knownMessage(type)!;
        this.#files.add(file);
        return { label: "", type: name, meta: notes };
      }
    }
  }
}

function numbered(
  names: readonly string[],
  previous: MessageSchema | undefined,
): { readonly numbers: readonly number[]; readonly gone: readonly number[] } {
  const before = new Map((previous?.fields ?? []).map(({ name, number }) => [name, number]));
  let next = Math.max(0, ...before.values()) + 1;
  const numbers = names.map((name) => before.get(name) ?? freshNumber());
  return { numbers, gone: [...before.values()].filter((number) => !numbers.includes(number)).sort((a, b) => a - b) };

  /** 19000 to 19999 are Protobuf's own. */
  function freshNumber(): number {
    if (next >= 19_000 && next < 20_000) next = 20_000;
    return next++;
  }
}

/** A record's name as a package and a message's name. `whole`: both again, which is another one if the name is no plain one. */
function splitName(full: string): { readonly space: string; readonly name: string; readonly whole: string } {
  const parts = full.split(".");
  if (!parts.every((part) => PLAIN_NAME.test(part) && !RESERVED.has(part)))
    return { space: "", name: identifier(full), whole: identifier(full) };
  return { space: parts.slice(0, -1).join("."), name: parts.at(-1)!, whole: full };
}

/** The name with what Protobuf does not allow written as _xHEX_. */
function identifier(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]/gu, (character) => `_x${character.codePointAt(0)!.toString(16)}_`);
  return /^[A-Za-z]/.test(clean) && !RESERVED.has(clean) ? clean : `f_${clean}`;
}

function quoted(text: string): string {
  // JSON's escapes are read alike, but for \u: those are written as UTF-8 or octal.
  let quotedText = "";
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === "\\") quotedText += `\\${character}`;
    else if (code < 0x20 || code === 0x7f) quotedText += `\\${code.toString(8).padStart(3, "0")}`;
    else quotedText += character;
  }
  return `"${quotedText}"`;
}
