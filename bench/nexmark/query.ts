// A Nexmark query as a pipeline, and how its rows are written for comparison.
import type { DataStream } from "millrace";
import type { Events } from "./events.ts";

export interface Query<Row = never> {
  readonly name: string;
  /** What the query asks for. */
  readonly text: string;
  build(events: Events): DataStream<Row>;
  /** The row's columns, in the order of the published SELECT list, as the reference writes them. */
  columns(row: Row): readonly unknown[];
  /** Of an updating query: rows with one key replace each other. */
  upsertKey?(row: Row): string;
}

/** Keeps a query's row type to itself. */
export function query<Row>(definition: Query<Row>): Query {
  return definition as unknown as Query;
}
