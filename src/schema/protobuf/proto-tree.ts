// A .proto text as its statements say it: what the registry prints in its two forms (print-proto-tree.ts, normalize-proto-tree.ts). Comments are
// gone, statements are sorted by what they are, each kind in its order. Made by read-proto-tree.ts.

export interface ProtoTree {
  readonly syntax: string | undefined;
  readonly edition: string | undefined;
  readonly package: string | undefined;
  readonly imports: readonly string[];
  readonly publicImports: readonly string[];
  readonly weakImports: readonly string[];
  readonly options: readonly OptionTree[];
  readonly types: readonly TypeTree[];
  readonly extends: readonly ExtendTree[];
  readonly services: readonly ServiceTree[];
}

export type TypeTree = MessageTree | EnumTree;

export interface MessageTree {
  readonly kind: "message";
  readonly name: string;
  readonly reserved: readonly RangesTree[];
  readonly options: readonly OptionTree[];
  readonly fields: readonly FieldTree[];
  readonly oneofs: readonly OneofTree[];
  readonly groups: readonly GroupTree[];
  readonly extensions: readonly RangesTree[];
  readonly extends: readonly ExtendTree[];
  readonly types: readonly TypeTree[];
}

export interface EnumTree {
  readonly kind: "enum";
  readonly name: string;
  readonly reserved: readonly RangesTree[];
  readonly options: readonly OptionTree[];
  readonly constants: readonly { readonly name: string; readonly tag: number; readonly options: readonly OptionTree[] }[];
}

export interface FieldTree {
  readonly label: string | undefined;
  /** As written; map<key, value> in one way. */
  readonly type: string;
  readonly name: string;
  readonly tag: number;
  readonly options: readonly OptionTree[];
}

export interface OneofTree {
  readonly name: string;
  readonly options: readonly OptionTree[];
  readonly fields: readonly FieldTree[];
  readonly groups: readonly GroupTree[];
}

export interface GroupTree {
  readonly label: string | undefined;
  readonly name: string;
  readonly tag: number;
  readonly fields: readonly FieldTree[];
  /** Groups in it. */
  readonly groups: readonly GroupTree[];
}

export interface ExtendTree {
  readonly name: string;
  readonly fields: readonly FieldTree[];
  readonly groups: readonly GroupTree[];
}

export interface ServiceTree {
  readonly name: string;
  readonly options: readonly OptionTree[];
  readonly rpcs: readonly RpcTree[];
}

export interface RpcTree {
  readonly name: string;
  readonly request: string;
  readonly response: string;
  readonly streamsRequests: boolean;
  readonly streamsResponses: boolean;
  readonly options: readonly OptionTree[];
}

/** One statement of reserved or extensions: numbers, from one to another, names; in editions these are identifiers, without quotes. */
export type RangesTree = readonly (number | { readonly from: number; readonly to: number } | string | { readonly identifier: string })[];

export interface OptionTree {
  readonly name: string;
  readonly isCustom: boolean;
  readonly value: OptionValue;
}

export type OptionValue =
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "word" | "number"; readonly text: string }
  /** A part of the option: (a).b = 1. */
  | { readonly kind: "part"; readonly part: OptionTree }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, OptionValue> }
  | { readonly kind: "list"; readonly items: readonly OptionValue[] };

export const MAX_TAG = 536_870_911;

export const SCALAR_TYPES: ReadonlySet<string> = new Set(
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" "),
);

const MAP = /^map<(.*), (.*)>$/;

/** Key and value of a map's type. */
export function mapTypes(type: string): readonly [key: string, value: string] | undefined {
  const match = MAP.exec(type);
  return match === null ? undefined : [match[1]!, match[2]!];
}
