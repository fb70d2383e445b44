// A FileDescriptorProto as .proto text, in the layout of proto-text.ts.
import { protoLayout } from "./proto-text.ts";

export interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label?: number;
  readonly type?: number;
  readonly typeName?: string;
  readonly defaultValue?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: boolean;
  readonly options?: { readonly packed?: boolean; readonly deprecated?: boolean };
}

export interface MessageDescriptor {
  readonly name: string;
  readonly field?: readonly FieldDescriptor[];
  readonly nestedType?: readonly MessageDescriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly oneofDecl?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
  readonly reservedRange?: readonly { readonly start: number; readonly end: number }[];
  readonly reservedName?: readonly string[];
}

export interface EnumDescriptor {
  readonly name: string;
  readonly value?: readonly { readonly name: string; readonly number?: number }[];
  readonly options?: { readonly allowAlias?: boolean };
}

export interface FileDescriptor {
  readonly package?: string;
  readonly dependency?: readonly string[];
  readonly publicDependency?: readonly number[];
  readonly messageType?: readonly MessageDescriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly syntax?: string;
}

const TYPES: Readonly<Record<number, string>> = {
  1: "double",
  2: "float",
  3: "int64",
  4: "uint64",
  5: "int32",
  6: "fixed64",
  7: "fixed32",
  8: "bool",
  9: "string",
  12: "bytes",
  13: "uint32",
  15: "sfixed32",
  16: "sfixed64",
  17: "sint32",
  18: "sint64",
};
const STRING = 9;
const BYTES = 12;
const REQUIRED = 2;
const REPEATED = 3;
const FILE_OPTIONS: Readonly<Record<string, string>> = {
  javaPackage: "java_package",
  javaOuterClassname: "java_outer_classname",
  javaMultipleFiles: "java_multiple_files",
  goPackage: "go_package",
  ccEnableArenas: "cc_enable_arenas",
  objcClassPrefix: "objc_class_prefix",
  csharpNamespace: "csharp_namespace",
};

export function printDescriptor(file: FileDescriptor): string {
  const isProto3 = file.syntax === "proto3";
  let text = `syntax = "${isProto3 ? "proto3" : "proto2"}";`;
  if (file.package) text += `package ${file.package};`;
  for (const [i, path] of (file.dependency ?? []).entries())
    text += `import ${file.publicDependency?.includes(i) === true ? "public " : ""}${JSON.stringify(path)};`;
  for (const [name, option] of Object.entries(FILE_OPTIONS)) {
    const value = file.options?.[name];
    if (value !== undefined && value !== null && value !== "") text += `option ${option} = ${JSON.stringify(value)};`;
  }
  for (const message of file.messageType ?? []) text += messageText(message, isProto3);
  for (const each of file.enumType ?? []) text += enumText(each);
  return protoLayout(text);
}

function messageText(message: MessageDescriptor, isProto3: boolean): string {
  const entries = new Map(
    (message.nestedType ?? []).filter(({ options }) => options?.mapEntry === true).map((entry) => [entry.name, entry]),
  );
  const mapOf = (field: FieldDescriptor): MessageDescriptor | undefined =>
    field.label === REPEATED && field.typeName?.includes(`${message.name}.`) === true
      ? entries.get(field.typeName.slice(field.typeName.lastIndexOf(".") + 1))
      : undefined;
  const isMember = (field: FieldDescriptor): boolean => Object.hasOwn(field, "oneofIndex") && field.proto3Optional !== true;
  let text = `message ${message.name} {`;
  for (const { start, end } of message.reservedRange ?? []) text += `reserved ${start === end - 1 ? start : `${start} to ${end - 1}`};`;
  if ((message.reservedName ?? []).length > 0) text += `reserved ${message.reservedName!.map((name) => JSON.stringify(name)).join(", ")};`;
  for (const field of message.field ?? []) if (!isMember(field)) text += fieldText(field, mapOf(field), isProto3, false);
  for (const [i, { name }] of (message.oneofDecl ?? []).entries()) {
    const members = (message.field ?? []).filter((field) => isMember(field) && field.oneofIndex === i);
    if (members.length > 0) text += `oneof ${name} {${members.map((field) => fieldText(field, undefined, isProto3, true)).join("")}}`;
  }
  for (const nested of message.nestedType ?? []) if (nested.options?.mapEntry !== true) text += messageText(nested, isProto3);
  for (const each of message.enumType ?? []) text += enumText(each);
  return `${text}}`;
}

function fieldText(field: FieldDescriptor, entry: MessageDescriptor | undefined, isProto3: boolean, inOneof: boolean): string {
  const type = (each: FieldDescriptor): string => TYPES[each.type ?? 0] ?? each.typeName ?? "";
  const options: string[] = [];
  if (field.defaultValue !== undefined && field.defaultValue !== "") options.push(`default = ${defaultText(field)}`);
  if (field.options?.packed !== undefined && field.options.packed !== null && field.label === REPEATED && field.options.packed !== isProto3)
    options.push(`packed = ${field.options.packed}`);
  if (field.options?.deprecated === true) options.push("deprecated = true");
  const end = ` ${field.name} = ${field.number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
  if (entry !== undefined) return `map<${type(entry.field![0]!)}, ${type(entry.field![1]!)}>${end}`;
  const plain = inOneof || (isProto3 && field.proto3Optional !== true);
  const label = field.label === REPEATED ? "repeated " : field.label === REQUIRED ? "required " : plain ? "" : "optional ";
  return `${label}${type(field)}${end}`;
}

function defaultText({ type, defaultValue }: FieldDescriptor): string {
  if (type === STRING) return JSON.stringify(defaultValue);
  return type === BYTES ? `"${defaultValue}"` : String(defaultValue);
}

function enumText({ name, value, options }: EnumDescriptor): string {
  const alias = options?.allowAlias === true ? "option allow_alias = true;" : "";
  return `enum ${name} {${alias}${(value ?? []).map((each) => `${each.name} = ${each.number ?? 0};`).join("")}}`;
}
