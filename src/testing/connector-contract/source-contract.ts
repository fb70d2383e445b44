// The contract of a source (src/stream/connector.ts), as checks that a connector's author runs: every row once, from every position exactly
// the rest, a true end, no reading ahead without bound, nothing left open.
import { createNodeEnv } from "../../env-node/node-env.ts";
import { rowAt } from "../../schema/columns.ts";
import type { ConnectorContext, Json, PoisonRecord, Source, SourceConnector, Split, SplitReader } from "../../stream/connector.ts";
import { difference, expect, rowText, type ContractCheck } from "./contract-violation.ts";
import { WatchedEnv } from "./watched-env.ts";

export interface SourceWorld<T> {
  /** Reads the same rows whenever it is created. */
  readonly source: Source<T>;
  /** All rows of all splits, in any order; at least three. */
  readonly rows: readonly T[];
  /** How many records cannot be decoded; default 0. */
  readonly malformed?: number;
  /** Settings of the job. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Makes rows appear where the source has read already; needed for sources that do not end. */
  readonly add?: () => Promise<readonly T[]>;
  readonly close?: () => Promise<void>;
}

export interface SourceContractOptions<T> {
  readonly name: string;
  /** A new world for every check. */
  readonly world: () => Promise<SourceWorld<T>>;
  /** A world with much more data than the source reads ahead: then a check proves that it stops there. */
  readonly largeWorld?: () => Promise<SourceWorld<T>>;
  /** The most that the source may take in while nobody polls. Default 64 MiB. */
  readonly maxReadAheadBytes?: number;
}

/** A check that waits longer has failed. */
const TIMEOUT_MS = 20_000;
const READ_AHEAD_BYTES = 64 * 2 ** 20;
/** Without a byte coming in: the source has stopped. */
const QUIET_MS = 150;

interface Opened<T> {
  readonly world: SourceWorld<T>;
  readonly watched: WatchedEnv;
  readonly connector: SourceConnector;
  readonly splits: readonly Split[];
}

type Body<T> = (opened: Opened<T>) => Promise<void>;

/**
 * The checks of one source, for any test runner:
 *
 *     for (const { name, run } of sourceContract({ name: "my source", world })) test(name, run);
 *
 * A check throws ContractViolation, or whatever the source throws.
 */
export function sourceContract<T>(options: SourceContractOptions<T>): readonly ContractCheck[] {
  const checks: readonly (readonly [string, Body<T>, (() => Promise<SourceWorld<T>>)?])[] = [
    ["names the same splits every time, each by an id of its own", namesSplits],
    ["delivers every row once, at most as many at a time as asked for, and then ends", deliversEveryRow],
    ["from every position it gives exactly the rows that follow", replays],
    ["stays where it is while nobody polls", stays],
    ["wakes who waits when it is closed, and is finished then", closes],
    ["leaves nothing open", leavesNothing],
    ["reads rows that appear later, without an end of its own", readsLater],
  ];
  const { largeWorld, name } = options;
  const all =
    largeWorld === undefined ? checks : [...checks, ["stops reading ahead while nobody polls", stopsReading(options), largeWorld] as const];
  return all.map(([sentence, body, world]) => ({ name: `${name}: ${sentence}`, run: () => inWorld(world ?? options.world, body) }));
}

async function inWorld<T>(make: () => Promise<SourceWorld<T>>, body: Body<T>): Promise<void> {
  const real = createNodeEnv();
  const world = await make();
  const watched = new WatchedEnv(real);
  try {
    const connector = create(world, watched);
    const patience = new AbortController();
    const tooLong = real.timers.sleep(TIMEOUT_MS, patience.signal).then(
      () => expect(false, `the check took longer than ${TIMEOUT_MS} ms`),
      () => {},
    );
    const checked = (async () => {
      const splits = await connector.discover();
      await body({ world, watched, connector, splits });
    })();
    await Promise.race([checked, tooLong]).finally(() => patience.abort());
    await connector.close();
  } finally {
    await watched.kill();
    await world.close?.();
  }
}

function create<T>(world: SourceWorld<T>, watched: WatchedEnv): SourceConnector {
  const context: ConnectorContext = { env: watched.env, job: "contract", operator: "source", settings: world.settings ?? {} };
  return world.source.create(context);
}

// ---------- the checks ----------

async function namesSplits<T>({ connector, splits }: Opened<T>): Promise<void> {
  expect(splits.length > 0, "discover() found no split");
  expect(new Set(splits.map(({ id }) => id)).size === splits.length, "two splits have the same id");
  for (const { id, data } of splits) expect(rowText(data) === rowText(throughJson(data)), `the data of split ${id} are no JSON`);
  const again = await connector.discover();
  expect(
    rowText(again.map(({ id }) => id).toSorted()) === rowText(splits.map(({ id }) => id).toSorted()),
    "discover() found other splits the second time",
  );
}

async function deliversEveryRow<T>({ world, connector, splits }: Opened<T>): Promise<void> {
  for (const maxRows of [1, 3, 1024]) {
    const rows: unknown[] = [];
    const poison: PoisonRecord[] = [];
    for (const split of splits) {
      const reader = await connector.open(split, undefined);
      await reader.stopAtEnd();
      rows.push(...(await readRest(reader, maxRows, poison)));
      expect(reader.finished && reader.atEnd, `split ${split.id} has delivered everything and is not finished and at its end`);
      expect(reader.poll(1) === undefined, `split ${split.id} is finished and still delivers`);
      await reader.available();
      await reader.close();
    }
    const wrong = difference(rows, world.rows);
    expect(wrong === undefined, `reading ${maxRows} rows at a time gave ${wrong}`);
    expect(poison.length === (world.malformed ?? 0), `${poison.length} records were malformed instead of ${world.malformed ?? 0}`);
  }
}

async function replays<T>({ world, connector, splits }: Opened<T>): Promise<void> {
  for (const split of splits) {
    for (const maxRows of [1, 2, 7]) {
      const whole = await connector.open(split, undefined);
      await whole.stopAtEnd();
      const positions: { readonly position: Json; readonly read: number }[] = [{ position: throughJson(whole.position()), read: 0 }];
      const rows: string[] = [];
      await readRest(whole, maxRows, [], (row, last) => {
        rows.push(rowText(row));
        if (last) positions.push({ position: throughJson(whole.position()), read: rows.length });
      });
      await whole.close();
      for (const { position, read } of sample(positions)) {
        const other = create(world, new WatchedEnv(createNodeEnv()));
        await other.discover();
        const reader = await other.open(split, position);
        await reader.stopAtEnd();
        const rest = (await readRest(reader, 5)).map(rowText);
        await reader.close();
        await other.close();
        expect(
          rowText(rest) === rowText(rows.slice(read)),
          `after ${read} rows split ${split.id} was at ${JSON.stringify(position)}; from there it gave ${rest.length} rows that are not the ${rows.length - read} that follow`,
        );
      }
    }
  }
}

async function stays<T>({ watched, connector, splits }: Opened<T>): Promise<void> {
  const reader = await connector.open(splits[0]!, undefined);
  const before = rowText(reader.position());
  await reader.available();
  await watched.env.timers.sleep(20);
  expect(rowText(reader.position()) === before, "the position moved without poll()");
  const out = await pollOne(reader, 1);
  const { rows } = out.batch;
  const poison = out.poison?.length ?? 0;
  expect(rows <= 1 && rows + poison > 0, `poll(1) gave ${rows} rows`);
  const after = rowText(reader.position());
  await watched.env.timers.sleep(20);
  expect(rowText(reader.position()) === after, "the position moved without poll()");
  await reader.close();
}

async function closes<T>({ connector, splits }: Opened<T>): Promise<void> {
  const reader = await connector.open(splits[0]!, undefined);
  while (!reader.atEnd) if (reader.poll(1024) === undefined && !reader.atEnd) await reader.available();
  const waiting = reader.available().catch(() => {});
  await reader.close();
  await waiting;
  expect(reader.finished, "a closed reader is not finished");
  expect(reader.poll(1) === undefined, "a closed reader still delivers");
  await reader.close();
}

async function leavesNothing<T>({ watched, connector, splits }: Opened<T>): Promise<void> {
  const readers = await Promise.all(splits.map((split) => connector.open(split, undefined)));
  for (const reader of readers) if (!reader.finished && reader.poll(2) === undefined && !reader.atEnd) await reader.available();
  for (const reader of readers) await reader.close();
  await connector.close();
  await settled(watched);
  expect(watched.open === undefined, `after close() there are still open: ${watched.open}`);
}

async function readsLater<T>({ world, connector, splits }: Opened<T>): Promise<void> {
  if (world.add === undefined) return;
  const rows: unknown[] = [];
  const readers = await Promise.all(splits.map((split) => connector.open(split, undefined)));
  const known = new Set(splits.map(({ id }) => id));
  const toTheEnd = async (): Promise<void> => {
    for (const reader of readers)
      while (!reader.atEnd) {
        const out = reader.poll(16);
        if (out === undefined && !reader.atEnd) await reader.available();
        if (out !== undefined) rows.push(...rowsOf(out.batch));
      }
  };
  await toTheEnd();
  expect(
    readers.some(({ finished }) => !finished) || connector.continuous === true,
    "the source has rows added, but all its splits end by themselves",
  );
  const added = await world.add();
  while (rows.length < world.rows.length + added.length) {
    for (const split of await connector.discover()) {
      if (known.has(split.id)) continue;
      known.add(split.id);
      readers.push(await connector.open(split, undefined));
    }
    await toTheEnd();
  }
  const wrong = difference(rows, [...world.rows, ...added]);
  expect(wrong === undefined, `with the rows that came later there were ${wrong}`);
  for (const reader of readers) await reader.close();
}

function stopsReading<T>({ maxReadAheadBytes = READ_AHEAD_BYTES }: SourceContractOptions<T>): Body<T> {
  return async ({ watched, connector, splits }) => {
    const readers = await Promise.all(splits.map((split) => connector.open(split, undefined)));
    await pollOne(readers[0]!, 1);
    await settledReading(watched);
    const taken = watched.bytesIn;
    expect(taken <= maxReadAheadBytes, `the source took in ${taken} bytes while nobody polled; allowed are ${maxReadAheadBytes}`);
    let polled = 0;
    while (watched.bytesIn === taken && polled < 1_000_000) {
      for (const reader of readers) {
        const out = reader.poll(1024);
        if (out === undefined) await reader.available();
        polled++;
        expect(!reader.finished, "the large world is not larger than what the source reads ahead");
      }
    }
    for (const reader of readers) await reader.close();
  };
}

// ---------- reading ----------

async function readRest(
  reader: SplitReader,
  maxRows: number,
  poison: PoisonRecord[] = [],
  each: (row: unknown, last: boolean) => void = () => {},
): Promise<unknown[]> {
  const rows: unknown[] = [];
  while (!reader.finished) {
    const out = reader.poll(maxRows);
    if (out === undefined) {
      if (!reader.finished) await reader.available();
      continue;
    }
    const { batch, offsets } = out;
    expect(batch.rows <= maxRows, `poll(${maxRows}) gave ${batch.rows} rows`);
    expect(offsets === undefined || offsets.length >= batch.rows, "there are fewer offsets than rows");
    expect(
      batch.rows + (out.poison?.length ?? 0) > 0,
      "poll() gave a batch without rows and without malformed records: undefined says that",
    );
    rows.push(...rowsOf(batch));
    poison.push(...(out.poison ?? []));
    const first = rows.length - batch.rows;
    for (let row = first; row < rows.length; row++) each(rows[row], row === rows.length - 1);
  }
  return rows;
}

function rowsOf(batch: Parameters<typeof rowAt>[0]): unknown[] {
  return Array.from({ length: batch.rows }, (_, row) => rowAt(batch, row));
}

async function pollOne(reader: SplitReader, maxRows: number): Promise<NonNullable<ReturnType<SplitReader["poll"]>>> {
  for (;;) {
    const out = reader.poll(maxRows);
    if (out !== undefined) return out;
    expect(!reader.finished, "the source has too few rows for this check");
    await reader.available();
  }
}

/** At most ten, evenly, with the first and the last. */
function sample<P>(positions: readonly P[]): readonly P[] {
  const step = Math.max(1, Math.ceil(positions.length / 10));
  return positions.filter((_, index) => index % step === 0 || index === positions.length - 1);
}

async function settled(watched: WatchedEnv): Promise<void> {
  const real = createNodeEnv();
  for (let turn = 0; turn < 50 && watched.open !== undefined; turn++) await real.timers.sleep(5);
}

async function settledReading(watched: WatchedEnv): Promise<void> {
  for (let before = -1; before !== watched.bytesIn;) {
    before = watched.bytesIn;
    await watched.env.timers.sleep(QUIET_MS);
  }
}

function throughJson(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
