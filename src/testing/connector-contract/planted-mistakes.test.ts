// The contracts can fail: each mistake that an author is likely to make is found by the check that names it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { rowAt } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import type { Batch } from "../../schema/batch.ts";
import type {
  ConnectorContext,
  Json,
  Sink,
  SinkConnector,
  SinkWriter,
  Source,
  SourceConnector,
  SplitReader,
} from "../../stream/connector.ts";
import type { ContractCheck } from "./contract-violation.ts";
import { sinkContract } from "./sink-contract.ts";
import { sourceContract } from "./source-contract.ts";

const Row = t.record("Row", { id: t.int() });
const rows = Array.from({ length: 12 }, (_, id) => ({ id }));

async function failures(checks: readonly ContractCheck[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      assert.equal((error as { code?: string }).code, "CONTRACT_VIOLATION", String(error));
      failed.push(name.slice(name.indexOf(": ") + 2));
    }
  }
  return failed;
}

/** A source over rows whose reader or connector is spoilt. */
function spoiltSource(spoil: {
  reader?: (reader: SplitReader, position: Json | undefined) => SplitReader;
  connector?: (connector: SourceConnector, context: ConnectorContext) => SourceConnector;
}): Source<{ id: number }> {
  const source = arraySource(Row, rows, { splits: 2 });
  return {
    ...source,
    create(context) {
      const connector = source.create(context);
      const open = async (...[split, position]: Parameters<SourceConnector["open"]>): Promise<SplitReader> => {
        const reader = await connector.open(split, position);
        return spoil.reader?.(reader, position) ?? reader;
      };
      const opened = { discover: () => connector.discover(), open, close: () => connector.close() };
      return spoil.connector?.(opened, context) ?? opened;
    },
  };
}

/** The reader with some of its members replaced. */
function withOwn(reader: SplitReader, own: Partial<SplitReader>): SplitReader {
  return new Proxy(reader, {
    get(target, name) {
      if (name in own) return own[name as keyof SplitReader];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

describe("the source contract finds", () => {
  const ROWS = "delivers every row once, at most as many at a time as asked for, and then ends";
  const REPLAY = "from every position it gives exactly the rows that follow";
  const cases: readonly [string, string, Parameters<typeof spoiltSource>[0]][] = [
    [
      "a position that is one too far",
      REPLAY,
      { reader: (reader, position) => withOwn(reader, { position: () => Number(reader.position()) + (position === undefined ? 1 : 0) }) },
    ],
    [
      "a position that is one too early",
      REPLAY,
      { reader: (reader) => withOwn(reader, { position: () => Math.max(0, Number(reader.position()) - 1) }) },
    ],
    ["a batch that is larger than asked for", ROWS, { reader: (reader) => withOwn(reader, { poll: (max) => reader.poll(max + 1) }) }],
    [
      "an empty batch",
      ROWS,
      { reader: (reader) => withOwn(reader, { poll: (max) => reader.poll(max === 3 ? 0 : max) ?? emptyOnce(reader) }) },
    ],
    [
      "two splits with one id",
      "names the same splits every time, each by an id of its own",
      {
        connector: (connector) => ({
          ...connector,
          discover: async () => (await connector.discover()).map((split) => ({ ...split, id: "one" })),
        }),
      },
    ],
    [
      "a timer that is left",
      "leaves nothing open",
      { connector: (connector, { env }) => (env.timers.after(50_000, () => {}, { unref: true }), connector) },
    ],
  ];
  for (const [mistake, check, spoil] of cases)
    test(mistake, async () => {
      const failed = await failures(sourceContract({ name: "spoilt", world: async () => ({ source: spoiltSource(spoil), rows }) }));
      assert.ok(failed.includes(check), `failed: ${failed.join("; ")}`);
    });
});

const given = new WeakSet<SplitReader>();

/** The array source answers undefined at the end: once, an empty batch instead. */
function emptyOnce(reader: SplitReader): ReturnType<SplitReader["poll"]> {
  if (given.has(reader) || reader.finished) return undefined;
  given.add(reader);
  return { batch: { rows: 0, columns: [] } as unknown as Batch, offsets: undefined, poison: undefined };
}

interface Mistakes {
  readonly visibleAtPrepare?: boolean;
  readonly keepsBatch?: boolean;
  readonly repeatsCommit?: boolean;
  readonly forgetsCommittables?: boolean;
  readonly keepsAborted?: boolean;
  readonly sealsLate?: boolean;
}

/** A transactional store in memory, right but for one mistake. */
function store(mistakes: Mistakes) {
  const committed: { id: number }[] = [];
  const pending = new Map<string, { id: number }[]>();
  let next = 0;
  const commit = (id: string): void => {
    committed.push(...(pending.get(id) ?? []));
    if (mistakes.repeatsCommit !== true) pending.delete(id);
  };
  const writer = (): SinkWriter => {
    let open: (() => { id: number }[])[] = [];
    const prepared = new Map<number, string>();
    return {
      write(batch) {
        const kept = (): { id: number }[] => Array.from({ length: batch.rows }, (_, row) => rowAt(batch, row) as { id: number });
        const copy = mistakes.keepsBatch === true ? undefined : kept();
        open.push(() => copy ?? kept());
        return true;
      },
      ready: () => Promise.resolve(),
      async prepare(checkpoint) {
        if (mistakes.sealsLate === true) await new Promise((resolve) => setTimeout(resolve, 1));
        const sealed = open;
        open = [];
        const id = `t${next++}`;
        const found = sealed.flatMap((make) => make());
        pending.set(id, found);
        prepared.set(checkpoint, id);
        if (mistakes.visibleAtPrepare === true) commit(id);
        return [new TextEncoder().encode(id)];
      },
      async commit(checkpoint) {
        const id = prepared.get(checkpoint);
        if (id !== undefined) commit(id);
      },
      failed: new Promise<never>(() => {}),
      close: () => Promise.resolve(),
    };
  };
  const sink: Sink<{ id: number }> = {
    connector: "planted",
    type: Row.type,
    describe: () => ({}),
    create: (): SinkConnector => ({
      async recover(committables) {
        if (mistakes.forgetsCommittables !== true) for (const bytes of committables) commit(new TextDecoder().decode(bytes));
        if (mistakes.keepsAborted === true) for (const id of pending.keys()) commit(id);
        if (mistakes.repeatsCommit !== true) pending.clear();
      },
      writer: async () => writer(),
      close: () => Promise.resolve(),
    }),
  };
  return { sink: () => sink, row: (id: number) => ({ id }), visible: async () => committed, visibleWithinMs: 20 };
}

describe("the sink contract finds", () => {
  const KILLS = "a kill in any step, once and twice, loses nothing and repeats nothing";
  const SEAL = "takes the rows of a batch before write() returns, and those behind a barrier for the next checkpoint";
  const cases: readonly [string, string, Mistakes][] = [
    ["rows that are visible before their commit", "rows are visible after their commit, and not before", { visibleAtPrepare: true }],
    ["a batch that is kept instead of its rows", SEAL, { keepsBatch: true }],
    ["a commit that repeats its rows", "prepare without rows, and commit twice, change nothing", { repeatsCommit: true }],
    ["committables that are forgotten", KILLS, { forgetsCommittables: true }],
    ["aborted rows that become visible", "what was prepared and is in no checkpoint is discarded", { keepsAborted: true }],
    ["a barrier that seals too late", SEAL, { sealsLate: true }],
  ];
  test("nothing in a sink that is right", async () => {
    assert.deepEqual(await failures(sinkContract({ name: "right", world: async () => store({}) })), []);
  });
  for (const [mistake, check, mistakes] of cases)
    test(mistake, async () => {
      const wanted = sinkContract({ name: "planted", world: async () => store(mistakes) }).filter(({ name }) => name.endsWith(check));
      assert.deepEqual(await failures(wanted), [check]);
    });
});
