// Reads a field of a user's object by a name from a schema. Names such as "__proto__", "constructor" or "toString" are plain names:
// what every object inherits under them (functions, and the prototype) is not a field.

/** Generated code reads other names directly. */
export function isInheritedName(name: string): boolean {
  return name in Object.prototype;
}

export function fieldValue(value: object, name: string): unknown {
  const found = (value as Record<string, unknown>)[name];
  return (typeof found === "function" || name === "__proto__") && !Object.hasOwn(value, name) ? undefined : found;
}

/** Sets an own property, also when the name is "__proto__". */
export function setField(target: object, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<string, unknown>)[name] = value;
}
