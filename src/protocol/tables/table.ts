// The small language the message tables are written in. A field is `name: "type versions [options]"`; structs and lists of structs nest.
//   type      bool int8 int16 uint16 int32 int64 string uuid bytes records, `[]` before it for a list, `?` after it if null is allowed
//   versions  "3+", "0-12" or "4": the message versions that carry the field
//   options   nullable=V (null only in these versions), tag=N (a tagged field, KIP-482), default=X, ignorable (dropped silently by older versions)
// Tables hold facts of the protocol only; tools/generate-protocol.ts turns them into src/protocol/generated/.

export type Fields = { readonly [name: string]: string | StructField };

export interface StructField {
  readonly structName: string;
  readonly many: boolean;
  /** As above, without the type. */
  readonly spec: string;
  readonly fields: Fields;
}

export interface MessageOptions {
  /** The versions we read and write. */
  readonly versions: string;
  /** The versions with compact lengths and tagged fields (KIP-482); "none" if there are none. */
  readonly flexible: string;
  /** The newest version may still change: it is spoken, but not advertised unless asked for. */
  readonly latestUnstable?: boolean;
}

export interface Message extends MessageOptions {
  readonly name: string;
  readonly fields: Fields;
}

export interface Api extends MessageOptions {
  readonly key: number;
  readonly name: string;
  readonly request: Fields;
  readonly response: Fields;
}

/** A request and its response. */
export function api(key: number, name: string, definition: Omit<Api, "key" | "name">): Api {
  return { key, name, ...definition };
}

/** A message that travels inside others. */
export function message(name: string, definition: Omit<Message, "name">): Message {
  return { name, ...definition };
}

/** One struct. A tagged or nullable struct that is absent is null. */
export function struct(structName: string, spec: string, fields: Fields): StructField {
  return { structName, many: false, spec, fields };
}

/** A list of structs. */
export function list(structName: string, spec: string, fields: Fields): StructField {
  return { structName, many: true, spec, fields };
}
