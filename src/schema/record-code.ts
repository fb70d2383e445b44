// What generated readers share: constants that they are given by number, and how they make records. Names of properties are values in
// closures (computed keys), never part of the source, so "__proto__" is a plain name.

/** What generated code is given by number. */
export class Constants {
  readonly values: unknown[] = [];

  /** The name of a constant in the code. */
  add(value: unknown): string {
    this.values.push(value);
    return `k${this.values.length - 1}`;
  }

  names(): string[] {
    return this.values.map((_value, index) => `k${index}`);
  }
}

/**
 * An expression that makes a record of variables. By a constructor (its declaration goes to `functions`), whose objects have room for all
 * properties from the start; "__proto__" must not be assigned to.
 */
export function recordCode(
  constants: Constants,
  functions: string[],
  name: string,
  names: readonly string[],
  variables: readonly string[],
): string {
  const keys = names.map((property) => constants.add(property));
  if (names.includes("__proto__")) return `{${keys.map((key, slot) => `[${key}]:${variables[slot]}`).join(",")}}`;
  const assign = keys.map((key, slot) => `this[${key}]=${variables[slot]};`).join("");
  functions.push(`function O${name}(${variables.join(",")}){${assign}}O${name}.prototype=Object.prototype;`);
  return `new O${name}(${variables.join(",")})`;
}
