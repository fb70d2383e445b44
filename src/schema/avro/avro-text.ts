// AvroSchema → text. Two forms: `plain` is what Avro's own libraries print (names as short as the namespace allows, attributes in their
// order, no white space): schemas equal in it share an id; `normalized` has full names and sorted attributes, so that texts which mean the
// same become equal. Named types that the text does not define (references) stay names.
import { sortNames } from "../json-numbers.ts";
import {
  isNamed,
  isPrimitiveName,
  namespaceOf,
  shortName,
  type AvroAttributes,
  type AvroField,
  type AvroNamed,
  type AvroSchema,
} from "./avro-schema.ts";

export type AvroForm = "plain" | "normalized";

/** `known`: names that need no definition, because a reference brings them. */
export function avroText(schema: AvroSchema, form: AvroForm, known: Iterable<string> = []): string {
  return new Printer(form, known).schema(schema, "");
}

class Printer {
  readonly #form: AvroForm;
  readonly #written: Set<string>;

  constructor(form: AvroForm, known: Iterable<string>) {
    this.#form = form;
    this.#written = new Set(known);
  }

  schema(schema: AvroSchema, namespace: string): string {
    if (isNamed(schema)) return this.#written.has(schema.name) ? this.#name(schema.name, namespace) : this.#named(schema, namespace);
    switch (schema.type) {
      case "union":
        return `[${schema.branches.map((branch) => this.schema(branch, namespace)).join(",")}]`;
      case "array":
        return object([["type", `"array"`], ["items", this.schema(schema.items, namespace)], ...this.#attributes(schema.attributes)]);
      case "map":
        return object([["type", `"map"`], ["values", this.schema(schema.values, namespace)], ...this.#attributes(schema.attributes)]);
      default:
        if (schema.attributes.size === 0) return `"${schema.type}"`;
        return object([["type", `"${schema.type}"`], ...this.#attributes(schema.attributes)]);
    }
  }

  #name(fullName: string, namespace: string): string {
    const short = this.#form === "plain" && namespaceOf(fullName) === namespace && !isPrimitiveName(shortName(fullName));
    return JSON.stringify(short ? shortName(fullName) : fullName);
  }

  #named(schema: AvroNamed, outer: string): string {
    this.#written.add(schema.name);
    const namespace = namespaceOf(schema.name);
    const parts: Part[] = [["type", `"${schema.type}"`]];
    if (this.#form === "normalized") parts.push(["name", JSON.stringify(schema.name)]);
    else {
      parts.push(["name", JSON.stringify(shortName(schema.name))]);
      if (namespace !== outer) parts.push(["namespace", JSON.stringify(namespace)]);
    }
    if (schema.doc !== undefined) parts.push(["doc", JSON.stringify(schema.doc)]);
    if (schema.type === "enum") {
      parts.push(["symbols", JSON.stringify(schema.symbols)]);
      if (schema.default !== undefined) parts.push(["default", JSON.stringify(schema.default)]);
    } else if (schema.type === "fixed") parts.push(["size", String(schema.size)]);
    else parts.push(["fields", `[${schema.fields.map((field) => this.#field(field, namespace)).join(",")}]`]);
    parts.push(...this.#attributes(schema.attributes));
    if (schema.aliases.length > 0) parts.push(["aliases", `[${schema.aliases.map((alias) => this.#name(alias, namespace)).join(",")}]`]);
    return object(parts);
  }

  #field(field: AvroField, namespace: string): string {
    const parts: Part[] = [
      ["name", JSON.stringify(field.name)],
      ["type", this.schema(field.type, namespace)],
    ];
    if (field.doc !== undefined) parts.push(["doc", JSON.stringify(field.doc)]);
    if (field.hasDefault) parts.push(["default", JSON.stringify(field.default)]);
    if (field.order !== "ascending") parts.push(["order", `"${field.order}"`]);
    if (field.aliases.length > 0) parts.push(["aliases", JSON.stringify(field.aliases)]);
    parts.push(...this.#attributes(field.attributes));
    return object(parts);
  }

  #attributes(attributes: AvroAttributes): Part[] {
    const parts: Part[] = [...attributes].map(([name, value]) => [
      name,
      JSON.stringify(this.#form === "normalized" ? sortNames(value) : value),
    ]);
    return this.#form === "normalized" ? parts.sort(([a], [b]) => (a < b ? -1 : 1)) : parts;
  }
}

type Part = readonly [name: string, json: string];

function object(parts: readonly Part[]): string {
  return `{${parts.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
}
