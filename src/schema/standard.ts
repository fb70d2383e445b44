// A type as Standard Schema and Standard JSON Schema see it (standardschema.dev, version 1).
import { fieldValue, setField } from "./field-value.ts";
import { standardJsonSchema } from "./json-schema/type-to-json-schema.ts";
import { mismatchOf } from "./mismatch.ts";
import type { StandardProperties, TypeInfo } from "./type-info.ts";
import { variantOfValue } from "./union-variants.ts";
import { valueCheckOf } from "./value-check.ts";

export function standardOf<T>(type: TypeInfo): StandardProperties<T> {
  const schema = ({ target }: { readonly target: string }): Record<string, unknown> => standardJsonSchema(type, target);
  return Object.freeze({
    version: 1,
    vendor: "millrace",
    validate: (value: unknown) => {
      const mismatch = mismatchOf(type, value) ?? valueCheckOf(type)?.(value);
      if (mismatch === undefined) return { value: cleaned(type, value) as T };
      const { path, expected, got } = mismatch;
      return { issues: [{ message: `expected ${expected}, got ${got}`, path: segmentsOf(path) }] };
    },
    jsonSchema: Object.freeze({ input: schema, output: schema }),
  });
}

/** "a[3].b" and "[\"odd name\"]" as parts. */
export function segmentsOf(path: string): (string | number)[] {
  const parts = path.match(/\[\d+\]|\["(?:[^"\\]|\\.)*"\]|[^.[\]]+/gu) ?? [];
  return parts.map((part) => (part.startsWith("[") ? (JSON.parse(part.slice(1, -1)) as string | number) : part));
}

/** What codecs would keep of it: null is undefined, and fields that the type does not have are gone. */
function cleaned(type: TypeInfo, value: unknown): unknown {
  switch (type.kind) {
    case "optional":
      return value === undefined || value === null ? undefined : cleaned(type.of, value);
    case "array":
      return (value as readonly unknown[]).map((each) => cleaned(type.of, each));
    case "map":
      return new Map([...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]) => [key, cleaned(type.value, each)]));
    case "union":
      return cleaned(type.of[variantOfValue(type, value)]!, value);
    case "record": {
      const record = {};
      for (const field of type.fields) {
        const of = cleaned(field.type, fieldValue(value as object, field.name));
        if (of !== undefined) setField(record, field.name, of);
      }
      return record;
    }
    default:
      return value;
  }
}
