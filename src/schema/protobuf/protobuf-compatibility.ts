// Can a reader with one .proto file read what was written with another? Fields are known by their tags: their types must be of one family on
// the wire, none may move into a oneof that would drop others, and messages and the package keep their names. Names of fields and all of enums
// are free. Rules, names and paths are those of Confluent's registry.
import type { Incompatibility } from "../incompatibility.ts";
import { resolveType, SCALARS, type ProtoField, type ProtoMessage, type ProtoWorld } from "./proto-file.ts";

/** Scalars that share a wire form and may stand for each other. */
const FAMILIES: Readonly<Record<string, string>> = {
  int32: "varint",
  int64: "varint",
  uint32: "varint",
  uint64: "varint",
  bool: "varint",
  enum: "varint",
  sint32: "zigzag",
  sint64: "zigzag",
  string: "text",
  bytes: "text",
  fixed32: "fixed32",
  sfixed32: "fixed32",
  fixed64: "fixed64",
  sfixed64: "fixed64",
};

/** Empty: everything written with `writer` can be read with `reader`. */
export function protobufIncompatibilities(reader: ProtoWorld, writer: ProtoWorld): Incompatibility[] {
  return new Comparison(reader, writer).files();
}

class Comparison {
  readonly #reader: ProtoWorld;
  readonly #writer: ProtoWorld;
  readonly #found: Incompatibility[] = [];
  /** Local names of the writer's messages that the reader lacks. */
  readonly #gone = new Set<string>();
  /** Imported messages that are being compared, or were. */
  readonly #seen = new Map<string, boolean>();

  constructor(reader: ProtoWorld, writer: ProtoWorld) {
    this.#reader = reader;
    this.#writer = writer;
  }

  files(): Incompatibility[] {
    const [reader, writer] = [this.#reader.file, this.#writer.file];
    if (reader.package !== writer.package) this.#packages(reader.package, writer.package);
    const byLocalName = new Map([...reader.types.values()].map((type) => [type.localName, type]));
    for (const written of writer.types.values()) {
      if (written.kind !== "message" || written.isGroup) continue;
      const read = byLocalName.get(written.localName);
      if (read?.kind === "message") this.#messages(read, written);
      else if (!this.#gone.has(outer(written.localName))) this.#removed(written);
      if (read?.kind !== "message") this.#gone.add(written.localName);
    }
    return this.#found;
  }

  #packages(reader: string, writer: string): void {
    const named = (name: string): string => (name === "" ? "no package" : `the package "${name}"`);
    this.#add("PACKAGE_CHANGED", "/", `The file was in ${named(writer)} and is in ${named(reader)}.`, reader, writer);
  }

  #messages(reader: ProtoMessage, writer: ProtoMessage): void {
    const written = new Map(writer.fields.map((field) => [field.tag, field]));
    const read = new Map(reader.fields.map((field) => [field.tag, field]));
    for (const field of reader.fields) {
      const before = written.get(field.tag);
      const path = pathOf(reader, field.tag, field.oneof);
      if (before !== undefined) this.#fields(reader, field, writer, before, path);
      else if (field.label === "required")
        this.#add("REQUIRED_FIELD_ADDED", path, `The required field "${field.name}" was never written.`, show(field), "");
    }
    for (const field of writer.fields) {
      if (read.has(field.tag)) continue;
      const path = pathOf(reader, field.tag, field.oneof);
      if (field.label === "required")
        this.#add("REQUIRED_FIELD_REMOVED", path, `The required field "${field.name}" is gone.`, "", show(field));
      if (field.oneof !== undefined && !isGone(reader, writer, field.oneof)) {
        const text = `The field "${field.name}" of the oneof "${field.oneof}" is gone, and others of it are not.`;
        this.#add("ONEOF_FIELD_REMOVED", path, text, "", show(field));
      }
    }
    this.#oneofs(reader, written);
  }

  /** Fields that could be set side by side may not become members of one oneof. */
  #oneofs(reader: ProtoMessage, written: ReadonlyMap<number, ProtoField>): void {
    for (const oneof of reader.oneofs) {
      const before = reader.fields.filter((field) => field.oneof === oneof).flatMap(({ tag }) => written.get(tag) ?? []);
      const moved = before.filter((field) => field.oneof === undefined);
      const groups = moved.length + new Set(before.flatMap((field) => field.oneof ?? [])).size;
      if (groups < 2) continue;
      const type = moved.length > 1 ? "MULTIPLE_FIELDS_MOVED_TO_ONEOF" : "FIELD_MOVED_TO_EXISTING_ONEOF";
      const names = before.map(({ name }) => name).join(", ");
      const text = `Of ${names} several could be set, and only one can be in the oneof "${oneof}".`;
      this.#add(type, pathOf(reader, oneof), text, oneof, names);
    }
  }

  #fields(readerIn: ProtoMessage, read: ProtoField, writerIn: ProtoMessage, written: ProtoField, path: string): void {
    const [reader, writer] = [withEntry(this.#reader, readerIn, read), withEntry(this.#writer, writerIn, written)];
    const [readerIsMap, writerIsMap] = [reader.keyType !== undefined, writer.keyType !== undefined];
    if (readerIsMap !== writerIsMap) return this.#changed("FIELD_KIND_CHANGED", path, reader, writer);
    if (readerIsMap) this.#types(readerIn, { ...reader, type: reader.keyType! }, writerIn, { ...writer, type: writer.keyType! }, path);
    this.#types(readerIn, reader, writerIn, writer, path);
  }

  #types(readerIn: ProtoMessage, reader: ProtoField, writerIn: ProtoMessage, writer: ProtoField, path: string): void {
    const kind = this.#kind(this.#reader, readerIn, reader.type);
    if (kind !== this.#kind(this.#writer, writerIn, writer.type)) return this.#changed("FIELD_KIND_CHANGED", path, reader, writer);
    if (kind === "scalar") {
      const [read, written] = [this.#family(this.#reader, readerIn, reader.type), this.#family(this.#writer, writerIn, writer.type)];
      if (read !== written) return this.#changed("FIELD_SCALAR_KIND_CHANGED", path, reader, writer);
      const relabelled = reader.labelled && writer.labelled && reader.label !== writer.label;
      if (relabelled && read !== "text") this.#changed("FIELD_NUMERIC_LABEL_CHANGED", path, reader, writer);
      return;
    }
    const read = resolveType(this.#reader, readerIn.fullName, reader.type);
    const written = resolveType(this.#writer, writerIn.fullName, writer.type);
    const known = read !== undefined && written !== undefined;
    const sameName = known ? read.localName === written.localName : fromTop(reader.type) === fromTop(writer.type);
    if (!sameName) return this.#changed("FIELD_NAMED_TYPE_CHANGED", path, reader, writer);
    if (read?.kind === "message" && written?.kind === "message" && !this.#imported(read, written))
      this.#changed("FIELD_NAMED_TYPE_CHANGED", path, reader, writer);
  }

  /** Messages of the file itself are compared anyway; imported ones here. */
  #imported(reader: ProtoMessage, writer: ProtoMessage): boolean {
    if (this.#reader.file.types.has(reader.fullName) && this.#writer.file.types.has(writer.fullName)) return true;
    const key = `${reader.fullName}\n${writer.fullName}`;
    const before = this.#seen.get(key);
    if (before !== undefined) return before;
    this.#seen.set(key, true);
    const count = this.#found.length;
    this.#messages(reader, writer);
    this.#nested(reader, writer);
    const same = this.#found.length === count;
    this.#seen.set(key, same);
    return same;
  }

  /** Of an imported message: those that are defined right in it. */
  #nested(reader: ProtoMessage, writer: ProtoMessage): void {
    for (const [name, written] of this.#writer.known) {
      if (written.kind !== "message" || written.isGroup || outer(name) !== writer.fullName) continue;
      const read = this.#reader.known.get(reader.fullName + name.slice(writer.fullName.length));
      if (read?.kind !== "message") this.#removed(written);
      else this.#imported(read, written);
    }
  }

  #kind(world: ProtoWorld, scope: ProtoMessage, type: string): "scalar" | "message" {
    return SCALARS.has(type) || resolveType(world, scope.fullName, type)?.kind === "enum" ? "scalar" : "message";
  }

  #family(world: ProtoWorld, scope: ProtoMessage, type: string): string {
    const name = SCALARS.has(type) ? type : (resolveType(world, scope.fullName, type)?.kind ?? type);
    return FAMILIES[name] ?? name;
  }

  #removed({ localName, fullName, entry }: ProtoMessage): void {
    if (entry !== undefined) return;
    this.#add("MESSAGE_REMOVED", `/${localName.replaceAll(".", "/")}`, `The reader has no message "${localName}".`, "", fullName);
  }

  #changed(type: string, path: string, reader: ProtoField, writer: ProtoField): void {
    this.#add(type, path, `The field was ${show(writer)} and is ${show(reader)}.`, show(reader), show(writer));
  }

  #add(type: string, path: string, description: string, reader: string, writer: string): void {
    this.#found.push({ type, path, description, reader, writer });
  }
}

/** A repeated entry of a map is a map. */
function withEntry(world: ProtoWorld, scope: ProtoMessage, field: ProtoField): ProtoField {
  const type = field.keyType === undefined && !SCALARS.has(field.type) ? resolveType(world, scope.fullName, field.type) : undefined;
  if (type?.kind !== "message" || type.entry === undefined) return field;
  const [keyType, value] = type.entry;
  return { ...field, keyType, type: value, labelled: false };
}

/** The reader has neither the oneof nor any of its fields. */
function isGone(reader: ProtoMessage, writer: ProtoMessage, oneof: string): boolean {
  if (reader.oneofs.includes(oneof)) return false;
  const tags = new Set(reader.fields.map(({ tag }) => tag));
  return !writer.fields.some((field) => field.oneof === oneof && tags.has(field.tag));
}

/** The names of the messages, the oneof if it is a member of one, and the tag. */
function pathOf({ localName }: ProtoMessage, place: number | string, oneof?: string): string {
  return ["", ...localName.split("."), ...(oneof === undefined ? [] : [oneof]), place].join("/");
}

function outer(localName: string): string {
  return localName.slice(0, Math.max(0, localName.lastIndexOf(".")));
}

/** A type that is defined nowhere here is named from the top, with or without a dot in front. */
function fromTop(type: string): string {
  return type.replace(/^\./, "");
}

function show({ label, type, keyType, name, tag }: ProtoField): string {
  if (keyType !== undefined) return `map<${keyType}, ${type}> ${name} = ${tag}`;
  return `${label === "optional" ? "" : `${label} `}${type} ${name} = ${tag}`;
}
