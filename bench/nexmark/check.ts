// Runs queries over the events of a reference folder, at parallelism 1 and 4, and compares their rows with Apache Flink's.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "millrace";
import { arraySource, functionSink } from "millrace/connectors/memory";
import { start } from "millrace/server";
import { Event, events } from "./events.ts";
import { QUERIES, WITHOUT_REFERENCE } from "./queries.ts";
import type { Query } from "./query.ts";
import { difference, readReference, type Reference } from "./reference.ts";

const PARALLELISM = [1, 4];

export interface CheckCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** `only`: names of queries. `say` gets a line per query. */
export async function check(folder: string, only: readonly string[] | undefined, say: (line: string) => void): Promise<CheckCounts> {
  const reference = readReference(folder);
  const counts: CheckCounts = { passed: 0, failed: 0, skipped: 0 };
  for (const expected of reference.results) {
    const name = expected.query;
    if (only !== undefined && !only.includes(name)) continue;
    const query = QUERIES.find((each) => each.name === name);
    if (query === undefined) {
      counts.skipped++;
      say(`skipped ${name}: ${WITHOUT_REFERENCE[name] ?? "not one of the queries that are built here"}`);
      continue;
    }
    const since = performance.now();
    const problem = await problemOf(query, reference);
    counts[problem === undefined ? "passed" : "failed"]++;
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(
      `${problem === undefined ? "ok    " : "FAILED"} ${name}: ${query.text}, ${seconds} s${problem === undefined ? "" : `\n       ${problem}`}`,
    );
  }
  return counts;
}

async function problemOf(query: Query, reference: Reference): Promise<string | undefined> {
  const expected = reference.results.find((each) => each.query === query.name)!;
  try {
    for (const parallelism of PARALLELISM) {
      const problem = difference(await rowsOf(query, reference, parallelism), expected, reference.folder);
      if (problem !== undefined) return `parallelism ${parallelism}: ${problem}`;
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function rowsOf(query: Query, reference: Reference, parallelism: number): Promise<string[]> {
  const rows: string[] = [];
  const newest = new Map<string, string>();
  const sink = functionSink<never>((row) => {
    const text = JSON.stringify(query.columns(row));
    if (query.upsertKey === undefined) rows.push(text);
    else newest.set(query.upsertKey(row), text);
  });
  const built = pipeline(query.name, (p) => query.build(events(p, arraySource(Event, reference.events))).to("out", sink));
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-nexmark-"));
  try {
    const job = await start(built, { dataDir, parallelism, logger: { log() {} } });
    await job.finished;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return query.upsertKey === undefined ? rows : [...newest.values()];
}
