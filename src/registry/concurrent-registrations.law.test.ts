// Registrations that are under way at once, of equal, conflicting and referring schemas on few subjects: they go into the topic together and mean
// what they would mean one after the other, in the order in which they came. A write that fails fails all that were in it and leaves nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startBroker, type Broker } from "../broker/broker.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { registerSchema } from "./register-schema.ts";
import { RegistryError } from "./registry-error.ts";
import { RegistryState } from "./registry-state.ts";
import type { SchemaContent } from "./schema-entry.ts";
import { SchemaParsing } from "./schema-parsing.ts";
import { SchemaStore, type Change } from "./schema-store.ts";

const SEED = process.env["MILLRACE_SEED"];
const seeded = SEED === undefined ? {} : { seed: Number(SEED) };
const STORE_ERROR = 50001;

interface Call {
  readonly subject: string;
  /** Fields of the record; "need" has no default, so it cannot be added. */
  readonly fields: readonly string[];
  /** The record has a field of the type that this subject's first version defines. */
  readonly refersTo: string | undefined;
  /** A turn of the event loop goes by before the call. */
  readonly later: boolean;
}

type Outcome = { readonly id: number; readonly version: number } | { readonly code: number };

const SUBJECTS = ["a", "b", "c"];
const call: fc.Arbitrary<Call> = fc.record({
  subject: fc.constantFrom(...SUBJECTS),
  fields: fc.uniqueArray(fc.constantFrom("x", "y", "need", "z"), { maxLength: 3 }),
  refersTo: fc.option(fc.constantFrom(...SUBJECTS), { nil: undefined, freq: 4 }),
  later: fc.boolean(),
});

function contentOf({ subject, fields, refersTo }: Call): SchemaContent {
  const own = fields.map((name) => (name === "need" ? { name, type: "string" } : { name, type: "string", default: "" }));
  const other = refersTo === undefined ? [] : [{ name: "other", type: ["null", `R_${refersTo}`], default: null }];
  return {
    schema: JSON.stringify({ type: "record", name: `R_${subject}`, fields: [...own, ...other] }),
    schemaType: "AVRO",
    references: refersTo === undefined ? [] : [{ name: `R_${refersTo}`, subject: refersTo, version: 1 }],
    metadata: undefined,
    ruleSet: undefined,
  };
}

function decision(parsing: SchemaParsing, each: Call): (state: RegistryState) => Change<Outcome> {
  const request = { subject: each.subject, content: contentOf(each), normalize: false, id: undefined, version: undefined, now: 0 };
  return (state) => {
    const { records, result } = registerSchema(state, parsing, request);
    return { records, result: { id: result.id, version: result.version } };
  };
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof RegistryError) return { code: error.code };
  throw error;
}

/** One after the other, in memory. */
function inTurn(calls: readonly Call[], state = new RegistryState()): Outcome[] {
  const parsing = new SchemaParsing();
  return calls.map((each) => {
    try {
      const { records, result } = decision(parsing, each)(state);
      for (const record of records) state.apply(record);
      return result;
    } catch (error) {
      return outcomeOf(error);
    }
  });
}

interface Place {
  readonly store: SchemaStore;
  readonly broker: Broker;
  /** Another registry on the topic: what is really in it. */
  reopened<T>(query: (state: RegistryState) => T): Promise<T>;
  atOnce(calls: readonly Call[]): Promise<Outcome[]>;
}

async function simulated(seed: number, body: (place: Place) => Promise<void>): Promise<void> {
  const simulation = createSimulation(seed);
  await simulation.run(
    async () => {
      const broker = await startBroker(simulation.env("broker"), { dataDir: "/data", host: "localhost", port: 0 });
      const opened = async (host: string): Promise<SchemaStore> => {
        const store = new SchemaStore(simulation.env(host), { bootstrapServers: `localhost:${broker.address.port}` });
        await store.open();
        return store;
      };
      const store = await opened("registry");
      const parsing = new SchemaParsing();
      const { timers } = simulation.env("callers");
      await body({
        store,
        broker,
        reopened: async (query) => {
          const other = await opened("other");
          const answer = await other.read(query);
          await other.close();
          return answer;
        },
        atOnce: async (calls) => {
          const pending: Promise<Outcome>[] = [];
          for (const each of calls) {
            if (each.later) await timers.sleep(1);
            pending.push(store.change(decision(parsing, each)).catch(outcomeOf));
          }
          return await Promise.all(pending);
        },
      });
      await store.close();
      await broker.close();
    },
    { maxVirtualMs: 600_000 },
  );
}

function shown(state: RegistryState): unknown {
  return SUBJECTS.map((subject) => state.versions(subject, true).map(({ version, id, schema }) => ({ version, id, schema })));
}

test("calls at once mean what they mean in turn", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 40 }), fc.integer(), async (calls, seed) => {
      await simulated(seed, async ({ atOnce, reopened, store }) => {
        const model = new RegistryState();
        assert.deepEqual(await atOnce(calls), inTurn(calls, model));
        assert.deepEqual(await store.read(shown), shown(model));
        assert.deepEqual(await reopened(shown), shown(model));
      });
    }),
    { numRuns: 15, ...seeded },
  );
});

test("a write that is refused fails all in it, leaves nothing, and the next ones begin from what is there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(fc.array(call, { maxLength: 8 }), fc.array(call, { minLength: 1, maxLength: 20 }), fc.array(call, { maxLength: 8 })),
      fc.integer(),
      async ([before, refused, after], seed) => {
        await simulated(seed, async ({ atOnce, reopened, store, broker }) => {
          const model = new RegistryState();
          assert.deepEqual(await atOnce(before), inTurn(before, model));
          const undo = broker.control("Produce", { error: "POLICY_VIOLATION" });
          const outcomes = await atOnce(refused);
          undo();
          for (const [index, outcome] of outcomes.entries())
            if (!("code" in outcome)) assert.deepEqual(outcome, inTurn([refused[index]!], copyOf(model))[0], "answered: it was there");
          assert.ok(outcomes.every((outcome) => !("code" in outcome) || outcome.code === STORE_ERROR || outcome.code < 50_000));
          assert.deepEqual(await atOnce(after), inTurn(after, model));
          assert.deepEqual(await store.read(shown), shown(model));
          assert.deepEqual(await reopened(shown), shown(model));
        });
      },
    ),
    { numRuns: 10, ...seeded },
  );
});

function copyOf(state: RegistryState): RegistryState {
  const copy = new RegistryState();
  for (const subject of SUBJECTS)
    for (const entry of state.versions(subject, true)) copy.apply({ kind: "schema", subject, version: entry.version, entry });
  return copy;
}
