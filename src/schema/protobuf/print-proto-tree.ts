// ProtoTree → .proto text as Confluent's registry prints it, byte for byte: equal texts are one schema, also in its own topic.
import { MAX_TAG, type EnumTree, type ExtendTree, type FieldTree, type GroupTree, type MessageTree } from "./proto-tree.ts";
import type { OneofTree, OptionTree, OptionValue, ProtoTree, RangesTree, RpcTree, ServiceTree, TypeTree } from "./proto-tree.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
};

export function printProtoTree(file: ProtoTree): string {
  let text = "";
  if (file.syntax !== undefined) text += `syntax = "${file.syntax}";\n`;
  if (file.edition !== undefined) text += `edition = "${file.edition}";\n`;
  if (file.package !== undefined) text += `package ${file.package};\n`;
  const imports = [
    ...file.imports.map((path) => `import "${path}";\n`),
    ...file.publicImports.map((path) => `import public "${path}";\n`),
    ...file.weakImports.map((path) => `import weak "${path}";\n`),
  ];
  text += section(imports) + section(file.options.map(optionStatement)) + section(typeTexts(file.types));
  return text + section(file.extends.map(extendText)) + section(file.services.map(serviceText));
}

/** Behind an empty line. */
function section(parts: readonly string[]): string {
  return parts.length === 0 ? "" : `\n${parts.join("")}`;
}

function indented(text: string): string {
  const lines = text.split("\n");
  while (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.map((line) => `  ${line}\n`).join("");
}

/** Messages before enums. */
function typeTexts(types: readonly TypeTree[]): string[] {
  const messages = types.filter((type) => type.kind === "message");
  const enums = types.filter((type) => type.kind === "enum");
  return [...messages.map(messageText), ...enums.map(enumText)];
}

function messageText(message: MessageTree): string {
  const sections = [
    message.reserved.map((ranges) => rangesText("reserved", ranges)),
    message.options.map(optionStatement),
    message.fields.map(fieldText),
    message.oneofs.map(oneofText),
    message.groups.map(groupText),
    message.extensions.map((ranges) => rangesText("extensions", ranges)),
    message.extends.map(extendText),
    typeTexts(message.types),
  ];
  return `message ${message.name} {${sections.map((parts) => section(parts.map(indented))).join("")}}\n`;
}

function enumText({ name, reserved, options, constants }: EnumTree): string {
  const values = constants.map((constant) => `${constant.name} = ${constant.tag}${optionsText(constant.options)};\n`);
  const parts = [...reserved.map((ranges) => rangesText("reserved", ranges)), ...options.map(optionStatement), ...values];
  return `enum ${name} {${section(parts.map(indented))}}\n`;
}

function oneofText({ name, options, fields, groups }: OneofTree): string {
  const sections = [options.map(optionStatement), fields.map(fieldText), groups.map(groupText)];
  return `oneof ${name} {${sections.map((parts) => section(parts.map(indented))).join("")}}\n`;
}

function groupText({ label, name, tag, fields, groups }: GroupTree): string {
  return `${label === undefined ? "" : `${label} `}group ${name} = ${tag} {${membersText(fields, groups)}}\n`;
}

function extendText({ name, fields, groups }: ExtendTree): string {
  return `extend ${name} {${membersText(fields, groups)}}\n`;
}

function membersText(fields: readonly FieldTree[], groups: readonly GroupTree[]): string {
  return [fields.map(fieldText), groups.map(groupText)].map((parts) => section(parts.map(indented))).join("");
}

function serviceText({ name, options, rpcs }: ServiceTree): string {
  const sections = [options.map(optionStatement), rpcs.map(rpcText)];
  return `service ${name} {${sections.map((parts) => section(parts.map(indented))).join("")}}\n`;
}

function rpcText({ name, request, response, streamsRequests, streamsResponses, options }: RpcTree): string {
  const stream = (streams: boolean): string => (streams ? "stream " : "");
  const body = options.length === 0 ? "" : ` {\n${options.map(optionStatement).map(indented).join("")}}`;
  return `rpc ${name} (${stream(streamsRequests)}${request}) returns (${stream(streamsResponses)}${response})${body};\n`;
}

function fieldText({ label, type, name, tag, options }: FieldTree): string {
  return `${label === undefined ? "" : `${label} `}${type} ${name} = ${tag}${optionsText(options)};\n`;
}

function rangesText(word: string, ranges: RangesTree): string {
  const parts = ranges.map((range) => {
    if (typeof range === "string") return `"${range}"`;
    if (typeof range === "number") return range;
    return "identifier" in range ? range.identifier : `${range.from} to ${range.to < MAX_TAG ? range.to : "max"}`;
  });
  return `${word} ${parts.join(", ")};\n`;
}

function optionStatement(option: OptionTree): string {
  return `option ${optionText(option)};\n`;
}

/** In brackets, behind a blank; "" if there is none. */
function optionsText(options: readonly OptionTree[]): string {
  return options.length === 0 ? "" : ` ${bracketed(options.map(optionText))}`;
}

/** One on the line, several each on its own. */
function bracketed(parts: readonly string[]): string {
  if (parts.length === 1) return `[${parts[0]}]`;
  return `[\n${parts.map((part, i) => indented(i < parts.length - 1 ? `${part},` : part)).join("")}]`;
}

function optionText({ name, isCustom, value }: OptionTree): string {
  const shown = isCustom ? `(${name})` : name;
  if (value.kind === "part") return `${shown}.${optionText(value.part)}`;
  return `${shown} = ${value.kind === "list" ? bracketed(value.items.map(valueText)) : valueText(value)}`;
}

function valueText(value: OptionValue): string {
  switch (value.kind) {
    case "string":
      return `"${escaped(value.text)}"`;
    case "word":
    case "number":
      return value.text;
    case "part":
      return optionText(value.part);
    case "map": {
      const all = [...value.entries].map(([key, each]) => `${key}: ${valueText(each)}`);
      return `{\n${all.map((part, i) => indented(i < all.length - 1 ? `${part},` : part)).join("")}}`;
    }
    case "list":
      return `[\n${value.items.map((item, i) => indented(valueText(item) + (i < value.items.length - 1 ? "," : ""))).join("")}]`;
  }
}

function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\x07\b\f\n\r\t\v\\'"]/g, (char) => ESCAPES[char]!);
}
