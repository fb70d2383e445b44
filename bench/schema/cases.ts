// The records that the schema benchmarks read and write: types, the Avro schema of each, and a thousand values.
import { t } from "../../src/schema/t.ts";
import type { TypeInfo } from "../../src/schema/type-info.ts";

export interface SchemaCase {
  readonly name: string;
  readonly type: TypeInfo;
  readonly values: readonly object[];
}

const ROWS = 1000;
const rows = (make: (index: number) => object): object[] => Array.from({ length: ROWS }, (_, index) => make(index));
const BASE = 1_763_870_000_000;

export const CASES: readonly SchemaCase[] = [
  {
    name: "order",
    type: t.record("Order", {
      id: t.string(),
      customer: t.string(),
      amount: t.double(),
      count: t.int(),
      at: t.timestamp(),
      paid: t.boolean(),
      note: t.optional(t.string()),
      kind: t.literal("card", "wire"),
    }).type,
    values: rows((n) => ({
      id: `order-${n}`,
      customer: `customer-${n % 97}`,
      amount: n * 1.25,
      count: n % 300,
      at: BASE + n * 1000,
      paid: n % 2 === 0,
      note: n % 3 === 0 ? `note ${n}` : null,
      kind: n % 2 === 0 ? "card" : "wire",
    })),
  },
  {
    name: "measurement",
    type: t.record("Measurement", {
      device: t.int(),
      at: t.timestamp(),
      temperature: t.double(),
      humidity: t.double(),
      pressure: t.float(),
      sequence: t.long(),
      ok: t.boolean(),
    }).type,
    values: rows((n) => ({
      device: n % 5000,
      at: BASE + n,
      temperature: 20 + n / 100,
      humidity: 0.4 + n / 10_000,
      pressure: Math.fround(1013.25),
      sequence: n * 1000,
      ok: true,
    })),
  },
  {
    name: "transaction",
    type: t.record("Transaction", {
      id: t.uuid(),
      account: t.long(),
      merchant: t.record("Merchant", { name: t.string(), country: t.string(), category: t.int() }),
      amount: t.double(),
      at: t.timestamp(),
      tags: t.array(t.string()),
    }).type,
    values: rows((n) => ({
      id: `f81d4fae-7dec-11d0-a765-${String(n).padStart(12, "0")}`,
      account: 10_000_000 + n,
      merchant: { name: `merchant number ${n % 50}`, country: "DE", category: 5411 },
      amount: n / 4,
      at: BASE + n,
      tags: n % 4 === 0 ? ["online", "new"] : [],
    })),
  },
];
