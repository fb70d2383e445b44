// Types as the code that makes them: `t.record("Order", { id: t.string() })`. Pure. Invariant: the code, run, gives the type back.
import { BadSchemaError } from "../schema/schema-error.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { Declarations, typeIdentifier } from "./schema-source.ts";

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

/** What the module imports. */
const MEANT = new Set(["t", "Infer"]);

/** A module that exports the type as `name`, each record in it by its own name, and their TypeScript types. */
export function typeModule(type: TypeInfo, name: string): string {
  return typeModuleOfAll(new Map([[name, type]]));
}

/** The same of several types. Records go by their own names, other types by those given. */
export function typeModuleOfAll(types: ReadonlyMap<string, TypeInfo>): string {
  const declared = new Declarations(MEANT);
  const others: (readonly [name: string, code: string])[] = [];
  for (const [name, type] of types) {
    const whole = codeOf(type, declared);
    if (!isDeclared(type)) others.push([name, whole]);
  }
  for (const [name, code] of others) declared.declare(typeIdentifier(name), code);
  const lines = [...declared].map(
    ([identifier, code]) => `export const ${identifier} = ${code};\nexport type ${identifier} = Infer<typeof ${identifier}>;\n`,
  );
  return `import { t, type Infer } from "millrace";\n\n${lines.join("\n")}`;
}

function isDeclared(type: TypeInfo): boolean {
  return type.kind === "record" && type.logical === undefined;
}

function codeOf(type: TypeInfo, declared: Declarations): string {
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
      return type.logical === "duration" ? `t.duration(${JSON.stringify(type.name)})` : recordCode(type, declared);
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
function recordCode(type: TypeInfo & { readonly kind: "record" }, declared: Declarations): string {
  const fields = type.fields.map(({ name, type: of }) => {
    // Only in brackets is __proto__ a plain name.
    const key = name === "__proto__" ? '["__proto__"]' : IDENTIFIER.test(name) ? name : JSON.stringify(name);
    return `  ${key}: ${codeOf(of, declared)},\n`;
  });
  const code = `t.record(${JSON.stringify(type.name)}, {\n${fields.join("")}})`;
  return declared.declare(typeIdentifier(type.name), code);
}
