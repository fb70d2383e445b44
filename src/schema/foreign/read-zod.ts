// Zod 4 (and zod/mini) as a type, by its own definitions: `schema._zod.def`.
import type { TypeInfo } from "../type-info.ts";
import { noType, refusalOf } from "./foreign-notes.ts";
import { enumValues, ForeignReader } from "./foreign-reader.ts";

type Definition = Readonly<Record<string, unknown>> & { readonly type: string };
interface ZodSchema {
  readonly _zod: { readonly def: Definition; readonly bag?: { readonly Class?: unknown } };
  meta?(): { readonly id?: unknown; readonly title?: unknown } | undefined;
}

const NUMBERS: Readonly<Record<string, TypeInfo>> = {
  safeint: { kind: "long" },
  uint32: { kind: "long" },
  int32: { kind: "int" },
  float32: { kind: "double", logical: "float" },
};

export function isZod(schema: unknown): schema is ZodSchema {
  return typeof (schema as ZodSchema | null | undefined)?._zod?.def?.type === "string";
}

export class ZodReader extends ForeignReader<ZodSchema> {
  protected nodeOf(schema: ZodSchema, path: string, name: string): TypeInfo {
    if (!isZod(schema)) throw noType(path, "it is no schema of Zod", "use one: z.string(), z.object({…}), …");
    const { def, bag } = schema._zod;
    const inner = (which = "innerType"): TypeInfo => this.of(def[which] as ZodSchema, path, name);
    if (def["coerce"] === true || checksOf(def).some(({ check }) => check === "overwrite")) throw refusalOf("transform", path);
    switch (def.type) {
      case "string":
        return formatOf(def) === "uuid" ? { kind: "string", logical: "uuid" } : { kind: "string" };
      case "template_literal":
        return { kind: "string" };
      case "number":
        return NUMBERS[formatOf(def) ?? ""] ?? { kind: "double" };
      case "bigint":
      case "boolean":
        return { kind: def.type };
      case "optional":
        return this.notes.optional(inner(), "undefined");
      case "nullable":
        return this.notes.optional(inner(), "null");
      case "readonly":
        return inner();
      case "nonoptional": {
        const type = inner();
        return type.kind === "optional" ? type.of : type;
      }
      case "lazy":
        return this.of((def["getter"] as () => ZodSchema)(), path, name);
      case "enum":
        return this.literals(enumValues(def["entries"] as object), path);
      case "literal":
        return this.literals(def["values"] as readonly unknown[], path);
      case "custom":
        if (bag?.Class === Uint8Array) return { kind: "bytes" };
        throw refusalOf("custom", path);
      default:
        return this.#container(schema, path, name);
    }
  }

  #container(schema: ZodSchema, path: string, name: string): TypeInfo {
    const { def } = schema._zod;
    const part = (which: string, suffix: string): TypeInfo => this.of(def[which] as ZodSchema, `${path}[]`, name + suffix);
    switch (def.type) {
      case "array":
        return { kind: "array", of: part("element", "_item") };
      case "map":
        return { kind: "map", key: this.key(part("keyType", "_key"), path), value: part("valueType", "_value") };
      case "record":
        if ((def["keyType"] as ZodSchema)._zod.def.type !== "string")
          throw noType(path, "its keys are not any text", "use an object with a field for each key");
        return this.notes.object(part("valueType", "_value"));
      case "union":
        return this.union(def["options"] as readonly ZodSchema[], ({ _zod }) => _zod.def.type, path, name);
      case "object": {
        const rest = (def["catchall"] as ZodSchema | undefined)?._zod.def.type ?? "never";
        if (rest !== "never") throw noType(path, "it has fields and others beside them", "put the others into a record of their own");
        const meta = schema.meta?.();
        return this.record(Object.entries(def["shape"] as Record<string, ZodSchema>), path, nameOf(meta?.title ?? meta?.id) ?? name);
      }
      default:
        throw refusalOf(def.type, path);
    }
  }
}

function nameOf(title: unknown): string | undefined {
  return typeof title === "string" && title !== "" ? title : undefined;
}

function checksOf(def: Definition): readonly Definition[] {
  return ((def["checks"] ?? []) as readonly ZodSchema[]).map(({ _zod }) => _zod.def);
}

/** Its own, as z.int(), or of a check, as z.number().int(). */
function formatOf(def: Definition): string | undefined {
  const formats = [def, ...checksOf(def)].map(({ format }) => format).filter((format) => typeof format === "string");
  return formats.find((format) => format === "uuid" || format in NUMBERS) ?? formats[0];
}
