// Valibot as a type, by its own structure: `kind`, `type`, and the `pipe` of what is checked.
import type { TypeInfo } from "../type-info.ts";
import { noType, refusalOf } from "./foreign-notes.ts";
import { enumValues, ForeignReader } from "./foreign-reader.ts";

interface ValibotPart {
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly type: string;
  readonly async?: boolean;
  readonly pipe?: readonly ValibotPart[];
  readonly [name: string]: unknown;
}

/** Change the static type only. */
const HARMLESS = new Set(["brand", "flavor", "readonly", "guard"]);

export function isValibot(schema: unknown): schema is ValibotPart {
  const { kind, type } = schema as ValibotPart;
  return kind === "schema" && typeof type === "string" && (schema as { readonly "~run"?: unknown })["~run"] !== undefined;
}

export class ValibotReader extends ForeignReader<ValibotPart> {
  protected nodeOf(schema: ValibotPart, path: string, name: string): TypeInfo {
    if (schema.async === true) throw noType(path, "it is checked asynchronously", "use the schema without Async");
    if ("fallback" in schema) throw refusalOf("catch", path);
    const actions = schema.pipe?.slice(1) ?? [];
    const changing = actions.find(({ kind, type }) => kind === "schema" || (kind === "transformation" && !HARMLESS.has(type)));
    if (changing !== undefined) throw refusalOf("transform", path);
    const has = (type: string): boolean => actions.some((action) => action.kind === "validation" && action.type === type);
    const title = actions.find(({ kind, type }) => kind === "metadata" && type === "title")?.["title"];
    switch (schema.type) {
      case "string":
        return has("uuid") ? { kind: "string", logical: "uuid" } : { kind: "string" };
      case "number":
        return { kind: has("integer") || has("safe_integer") ? "long" : "double" };
      case "bigint":
      case "boolean":
        return { kind: schema.type };
      case "picklist":
        return this.literals(schema["options"] as readonly unknown[], path);
      case "enum":
        return this.literals(enumValues(schema["enum"] as object), path);
      case "literal":
        return this.literals([schema["literal"]], path);
      case "instance":
        if (schema["class"] === Uint8Array) return { kind: "bytes" };
        throw refusalOf("instance", path);
      default:
        return this.#wrapper(schema, path, name) ?? this.#container(schema, path, typeof title === "string" && title !== "" ? title : name);
    }
  }

  #wrapper(schema: ValibotPart, path: string, name: string): TypeInfo | undefined {
    const inner = (): TypeInfo => this.of(schema["wrapped"] as ValibotPart, path, name);
    switch (schema.type) {
      case "optional":
      case "exact_optional":
      case "undefinedable":
      case "nullable":
      case "nullish":
        if (schema["default"] !== undefined) throw refusalOf("default", path);
        return this.notes.optional(inner(), schema.type === "nullable" ? "null" : "undefined");
      case "non_optional":
      case "non_nullable":
      case "non_nullish": {
        const type = inner();
        return type.kind === "optional" ? type.of : type;
      }
      case "lazy":
        return this.of((schema["getter"] as (input: unknown) => ValibotPart)(undefined), path, name);
      default:
        return undefined;
    }
  }

  #container(schema: ValibotPart, path: string, name: string): TypeInfo {
    const part = (which: string, suffix: string): TypeInfo => this.of(schema[which] as ValibotPart, `${path}[]`, name + suffix);
    switch (schema.type) {
      case "array":
        return { kind: "array", of: part("item", "_item") };
      case "map":
        return { kind: "map", key: this.key(part("key", "_key"), path), value: part("value", "_value") };
      case "record":
        if ((schema["key"] as ValibotPart).type !== "string")
          throw noType(path, "its keys are not any text", "use an object with a field for each key");
        return this.notes.object(part("value", "_value"));
      case "union":
      case "variant":
        return this.union(schema["options"] as readonly ValibotPart[], ({ type }) => type, path, name);
      case "object":
      case "strict_object":
        return this.record(Object.entries(schema["entries"] as Record<string, ValibotPart>), path, name);
      case "loose_object":
      case "object_with_rest":
        throw noType(path, "it has fields and others beside them", "put the others into a record of their own");
      default:
        throw refusalOf(schema.type, path);
    }
  }
}
