// What an object must hold where a property is there: "dependencies", since draft 2019-09 "dependentRequired" and "dependentSchemas".
import type { Incompatibility } from "../incompatibility.ts";
import { isJsonObject } from "../json-numbers.ts";
import { incompatible, type Compare, type Side } from "./comparison.ts";

export function compareDependencies(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  return [...compareRequired(reader, writer, path), ...compareSchemas(reader, writer, path, compare)];
}

function compareRequired(reader: Side, writer: Side, path: string): Incompatibility[] {
  const written = new Map(dependencies(writer, "dependentRequired", Array.isArray));
  return dependencies(reader, "dependentRequired", Array.isArray).flatMap(([name, read]) => {
    const before = written.get(name);
    if (before !== undefined && read.every((each) => before.includes(each))) return [];
    const change = before === undefined ? "ADDED" : before.every((each) => read.includes(each)) ? "EXTENDED" : "CHANGED";
    return [incompatible(`DEPENDENCY_ARRAY_${change}`, `${path}/dependencies/${name}`, more(name), read, before)];
  });
}

function compareSchemas(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const isSchema = (value: unknown): value is object | boolean => isJsonObject(value) || typeof value === "boolean";
  const written = new Map(dependencies(writer, "dependentSchemas", isSchema));
  return dependencies(reader, "dependentSchemas", isSchema).flatMap(([name, read]) => {
    const here = `${path}/dependencies/${name}`;
    const before = written.get(name);
    if (before !== undefined) return compare(reader.located(read), writer.located(before), here);
    return [incompatible("DEPENDENCY_SCHEMA_ADDED", here, more(name), read, undefined)];
  });
}

function more(name: string): string {
  return `Where "${name}" is there, the reader asks for more than the writer did.`;
}

function dependencies<T>({ keywords }: Side, newer: string, is: (value: unknown) => value is T): [string, T][] {
  return [keywords["dependencies"], keywords[newer]].flatMap((all) =>
    isJsonObject(all) ? Object.entries(all).filter((entry): entry is [string, T] => is(entry[1])) : [],
  );
}
