// What compatibility needs to know of a .proto file: its messages and enums by full name, fields with their tags and the oneofs they are in.

export interface ProtoField {
  readonly name: string;
  readonly tag: number;
  readonly label: "optional" | "required" | "repeated";
  /** The label stands in the text; proto3's plain fields have none. */
  readonly labelled: boolean;
  /** A scalar's name, or a message or enum as it is written, to be resolved from the message on outwards. */
  readonly type: string;
  /** Of map<key, type> only. */
  readonly keyType: string | undefined;
  /** A real one; a proto3 optional field is in none. */
  readonly oneof: string | undefined;
}

export interface ProtoMessage {
  readonly kind: "message";
  readonly fullName: string;
  /** Without the package. */
  readonly localName: string;
  /** Those of oneofs among them; none of groups. */
  readonly fields: readonly ProtoField[];
  /** Names of the real ones. */
  readonly oneofs: readonly string[];
  /** Of a group: the comparison does not look at them. */
  readonly isGroup: boolean;
  /** A map's entry that is written as a message, as descriptors have them: the types of its key and its value. */
  readonly entry: readonly [key: string, value: string] | undefined;
}

export interface ProtoEnum {
  readonly kind: "enum";
  readonly fullName: string;
  readonly localName: string;
}

export type ProtoType = ProtoMessage | ProtoEnum;

export interface ProtoFile {
  readonly package: string;
  readonly imports: readonly string[];
  /** By full name; those of the file itself. */
  readonly types: ReadonlyMap<string, ProtoType>;
}

/** A file with the types of all it imports. */
export interface ProtoWorld {
  readonly file: ProtoFile;
  readonly known: ReadonlyMap<string, ProtoType>;
}

export const SCALARS: ReadonlySet<string> = new Set(
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" "),
);

/** As the language says: from the innermost scope outwards; a leading dot means from the top. */
export function resolveType(world: ProtoWorld, scope: string, name: string): ProtoType | undefined {
  if (name.startsWith(".")) return world.known.get(name.slice(1));
  for (let at = scope; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const found = world.known.get(at === "" ? name : `${at}.${name}`);
    if (found !== undefined || at === "") return found;
  }
}
