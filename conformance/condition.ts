// Conditions of the cases: JSON prefix lists over the fields of one record. A comparison with null is false.
export type Condition = readonly unknown[] | string | number | boolean | null;

type Value = string | number | boolean | null;
type Fields = Readonly<Record<string, unknown>>;

export function compileCondition(condition: Condition): (record: Fields) => boolean {
  const value = compile(condition);
  return (record) => value(record) === true;
}

function compile(expression: Condition): (record: Fields) => Value {
  if (!Array.isArray(expression)) return () => expression as Value;
  const [operator, ...operands] = expression as unknown as readonly [string, ...Condition[]];
  if (operator === "f") return (record) => (record[operands[0] as string] ?? null) as Value;
  if (operator === "in") return inList(compile(operands[0]!), operands[1] as readonly Value[]);
  const parts = operands.map(compile);
  const [a, b] = parts as [(record: Fields) => Value, (record: Fields) => Value];
  const compare = COMPARISONS[operator];
  if (compare !== undefined) {
    return (record) => {
      const [left, right] = [a(record), b(record)];
      return left !== null && right !== null && compare(left, right);
    };
  }
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic !== undefined)
    return (record) => parts.map((part) => part(record) as number).reduce((left, right) => arithmetic(left, right));
  if (operator === "and") return (record) => parts.every((part) => part(record) === true);
  if (operator === "or") return (record) => parts.some((part) => part(record) === true);
  if (operator === "not") return (record) => a(record) !== true;
  if (operator === "isNull") return (record) => a(record) === null;
  throw new Error(`condition "${operator}"`);
}

function inList(value: (record: Fields) => Value, list: readonly Value[]): (record: Fields) => Value {
  return (record) => list.includes(value(record));
}

type Present = string | number | boolean;

const COMPARISONS: Readonly<Record<string, (a: Present, b: Present) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  startsWith: (a, b) => String(a).startsWith(String(b)),
  endsWith: (a, b) => String(a).endsWith(String(b)),
  contains: (a, b) => String(a).includes(String(b)),
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "%": (a, b) => a % b,
};
