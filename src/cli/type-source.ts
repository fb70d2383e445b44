// Types as the code that makes them: `t.record("Order", { id: t.string() })`. Pure. Invariant: the code, run, gives the type back.
import { BadSchemaError } from "../schema/schema-error.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { typeIdentifier } from "./schema-source.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const LOGICAL: Readonly<Record<string, string>> = {
  "string uuid": "uuid",
  "double float": "float",
  "int date": "date",
  "int time-millis": "time",
  "long time-micros": "timeMicros",
  "long timestamp-micros": "timestampMicros",
  "bigint timestamp-nanos": "timestampNanos",
  "long local-timestamp-millis": "localTimestamp",
  "long local-timestamp-micros": "localTimestampMicros",
  "bigint local-timestamp-nanos": "localTimestampNanos",
};

/** A module that exports the type as `name`, each record in it by its own name, and their TypeScript types. */
export function typeModule(type: TypeInfo, name: string): string {
  const declared = new Map<string, string>();
  const whole = codeOf(type, declared);
  const own = type.kind === "record" ? [] : [[typeIdentifier(name), whole] as const];
  const lines = [...declared, ...own].map(
    ([identifier, code]) => `export const ${identifier} = ${code};\nexport type ${identifier} = Infer<typeof ${identifier}>;\n`,
  );
  return `import { t, type Infer } from "millrace";\n\n${lines.join("\n")}`;
}

function codeOf(type: TypeInfo, declared: Map<string, string>): string {
  const inside = (of: TypeInfo): string => codeOf(of, declared);
  switch (type.kind) {
    case "decimal":
      return `t.decimal(${type.precision}, ${type.scale})`;
    case "literal":
      return `t.literal(${type.values.map((value) => JSON.stringify(value)).join(", ")})`;
    case "array":
      return `t.array(${inside(type.of)})`;
    case "map":
      return `t.map(${inside(type.key)}, ${inside(type.value)})`;
    case "union":
      return `t.union(${type.of.map(inside).join(", ")})`;
    case "optional":
      return `t.optional(${inside(type.of)})`;
    case "record":
      return recordCode(type, declared);
    default:
      return scalarCode(type);
  }
}

function scalarCode(
  type: TypeInfo & { readonly kind: "string" | "int" | "long" | "bigint" | "double" | "boolean" | "timestamp" | "bytes" },
): string {
  if (type.size !== undefined) return `t.fixed(${type.size})`;
  if (type.logical === undefined) return `t.${type.kind}()`;
  const maker = LOGICAL[`${type.kind} ${type.logical}`];
  if (maker === undefined) throw new BadSchemaError(`There is no t.… for a ${type.kind} that is a ${type.logical}.`);
  return `t.${maker}()`;
}

/** Records of one name that differ get numbers. */
function recordCode(type: TypeInfo & { readonly kind: "record" }, declared: Map<string, string>): string {
  const fields = type.fields.map(({ name, type: of }) => {
    // Only in brackets is __proto__ a plain name.
    const key = name === "__proto__" ? '["__proto__"]' : IDENTIFIER.test(name) ? name : JSON.stringify(name);
    return `  ${key}: ${codeOf(of, declared)},\n`;
  });
  const code = `t.record(${JSON.stringify(type.name)}, {\n${fields.join("")}})`;
  const wanted = typeIdentifier(type.name);
  for (let n = 1; ; n++) {
    const identifier = n === 1 ? wanted : `${wanted}${n}`;
    if ((declared.get(identifier) ?? code) !== code) continue;
    declared.set(identifier, code);
    return identifier;
  }
}
