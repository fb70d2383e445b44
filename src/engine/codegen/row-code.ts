// Text of generated loops for reading a row out of columns and writing one into them. Only names and types of schemas get into the text:
// names as JSON strings, never as identifiers. rowAt() and rowChecker() with setValue() are the twins that the interpreter uses.
import { columnKind, fieldColumns, rowAt, setValue, stringAt, type FieldColumn } from "../../schema/columns.ts";
import type { Batch } from "../../schema/batch.ts";
import type { Column, StringColumn } from "../../schema/column.ts";
import { fieldValue, isInheritedName } from "../../schema/field-value.ts";
import { checkValue } from "../../schema/mismatch.ts";
import { isNested, partOf } from "../../schema/nested-columns.ts";
import type { TypeInfo } from "../../schema/type-info.ts";

/** Names that the texts below expect in scope. */
export const ROW_SCOPE = { stringAt, textOf, partOf, fieldValue, checkValue };

/** The whole arena of an ASCII column as one string (substrings of it are the cheapest way to a value), or undefined. */
export function textOf(column: StringColumn, rows: number): string | undefined {
  if (column.values !== undefined || !column.ascii || rows === 0) return undefined;
  if (column.text === undefined) stringAt(column, 0);
  return column.text;
}

/** Statements that take the arrays of a batch's columns into constants `${prefix}0…`. */
export function columnConstants(fields: readonly FieldColumn[], columns: string, prefix: string): string {
  return fields.map((field) => cellConstants(field, `${columns}[${field.index}]`, `${prefix}${field.index}`)).join("");
}

export function cellConstants(field: FieldColumn, column: string, name: string): string {
  if (isNested(field)) {
    const parts = fieldColumns(field.type).map((part) => cellConstants(part, `partOf(${name}k,${part.index})`, `${name}_${part.index}`));
    return `const ${name}k=${column},${name}=${name}k.values,${name}n=${name}k.nulls;${parts.join("")}`;
  }
  const nulls = field.optional && field.column !== "object" ? `const ${name}n=${column}.nulls;` : "";
  if (field.column !== "string") return `const ${name}=${column}.values;${nulls}`;
  return `const ${name}k=${column},${name}=${name}k.values,${name}t=textOf(${name}k,batch.rows),${name}o=${name}k.offsets;${nulls}`;
}

/** Expression of one cell of row `i`, after cellConstants. */
export function cellExpression(field: FieldColumn, name: string): string {
  if (isNested(field))
    return `(${name}!==undefined?${name}[i]:${name}n!==undefined&&${name}n[i]===1?undefined:${recordExpression(field.type, `${name}_`)})`;
  const value = presentCell(field.column, name);
  return field.optional && field.column !== "object" ? `(${name}n!==undefined&&${name}n[i]===1?undefined:${value})` : value;
}

function presentCell(kind: Column["kind"], name: string): string {
  if (kind === "bool") return `(${name}[i]===1)`;
  if (kind !== "string") return `${name}[i]`;
  return `(${name}!==undefined?${name}[i]:${name}t!==undefined?${name}t.substring(${name}o[i],${name}o[i+1]):stringAt(${name}k,i))`;
}

/** Expression of row `i`: an object literal in schema order, which escape analysis can take apart, or the single value. */
export function rowExpression(type: TypeInfo | undefined, prefix: string): string {
  return type?.kind === "record" ? recordExpression(type, prefix) : cellExpression(fieldColumns(type)[0]!, `${prefix}0`);
}

function recordExpression(type: TypeInfo, prefix: string): string {
  return `{${fieldColumns(type)
    .map((field) => `${propertyKey(field.name)}:${cellExpression(field, prefix + field.index)}`)
    .join(",")}}`;
}

export function propertyKey(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}

/** Expression of a field of the object in `variable`. */
export function fieldExpression(variable: string, name: string): string {
  return isInheritedName(name) ? `fieldValue(${variable},${JSON.stringify(name)})` : `${variable}[${JSON.stringify(name)}]`;
}

/**
 * Statements that check `value` against the type and store it at row `n` of column arrays `${prefix}0`, `${prefix}0n`, … (with
 * `index`, such as "[t]", appended). `typeName` is a variable that holds the TypeInfo. A refused value throws SchemaError and leaves no row.
 */
export function writeRow(type: TypeInfo | undefined, typeName: string, value: string, prefix: string, index: string): string {
  const fields = fieldColumns(type);
  if (type === undefined) return `${prefix}0${index}[n]=${value}===null?undefined:${value};`;
  if (type.kind !== "record") return writeCell(fields[0]!, value, `checkValue(${typeName},${value})`, `${prefix}0`, index);
  const open = `if(typeof ${value}!=="object"||${value}===null||Array.isArray(${value})||${value} instanceof Map)checkValue(${typeName},${value});`;
  const cells = fields.map((field) => {
    const x = `x${field.index}`;
    const failed = `checkValue(${typeName},${value})`;
    return `const ${x}=${fieldExpression(value, field.name)};${writeCell(field, x, failed, `${prefix}${field.index}`, index, `${typeName}.fields[${field.index}].type`)}`;
  });
  return open + cells.join("");
}

function writeCell(field: FieldColumn, x: string, failed: string, array: string, index: string, fieldType?: string): string {
  const at = `${array}${index}[n]`;
  if (field.column === "object") {
    const check = fieldType === undefined ? `${failed};` : `try{checkValue(${fieldType},${x});}catch(_){${failed};throw _;}`;
    return `${nestedCheck(field, x, check)}${at}=${x}===null?undefined:${x};`;
  }
  const store = `if(!(${fits(field.type!, x, fieldType, field.optional)})){${failed};}${at}=${stored(field.column, x)};`;
  if (!field.optional) return store;
  return `if(${x}===undefined||${x}===null){${array}n${index}[n]=1;}else{${array}n${index}[n]=0;${store}}`;
}

function nestedCheck(field: FieldColumn, x: string, check: string): string {
  return field.optional ? `if(${x}!==undefined&&${x}!==null){${check}}` : check;
}

function stored(kind: Column["kind"], x: string): string {
  return kind === "bool" ? `${x}?1:0` : x;
}

/** A boolean expression that is true only if x fits; where it is too long to say, the slow check decides. */
function fits(type: TypeInfo, x: string, typeName: string | undefined, optional: boolean): string {
  switch (type.kind) {
    case "string":
      return `typeof ${x}==="string"`;
    case "int":
      return `(${x}|0)===${x}`;
    case "long":
    case "timestamp":
      return `Number.isSafeInteger(${x})`;
    case "double":
      return `typeof ${x}==="number"`;
    case "boolean":
      return `typeof ${x}==="boolean"`;
    case "literal":
      return type.values.length <= 8
        ? type.values.map((value) => `${x}===${JSON.stringify(value)}`).join("||")
        : slowly(x, typeName, optional);
    default:
      return slowly(x, typeName, optional);
  }
}

function slowly(x: string, typeName: string | undefined, optional: boolean): string {
  return typeName === undefined ? "false" : `(checkValue(${typeName}${optional ? ".of" : ""},${x}),true)`;
}

/** The interpreter's reader: see rowExpression. */
export const readRow: (batch: Batch, row: number) => unknown = rowAt;

/** The interpreter's writer: see writeRow. */
export function storeRow(type: TypeInfo | undefined, columns: readonly Column[], row: number, value: unknown): void {
  if (type !== undefined) checkValue(type, value);
  if (type?.kind !== "record") return setValue(columns[0]!, row, value);
  type.fields.forEach((field, index) => setValue(columns[index]!, row, fieldValue(value as object, field.name)));
}

/** Kinds of columns that a key can be read from. */
export function isKeyColumn(type: TypeInfo | undefined): boolean {
  return type !== undefined && type.kind !== "optional" && columnKind(type) !== "object";
}
