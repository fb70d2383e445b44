// What came out of a pipeline under test, by the name of the sink or of the side output ("operator.side").
import type { Batch } from "../../schema/batch.ts";
import { rowAt } from "../../schema/columns.ts";
import type { Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";

export class Outputs {
  readonly #rows = new Map<string, unknown[]>();

  /** The rows of a sink or side output so far. Throws BAD_ARGUMENT for a name that the pipeline does not have. */
  rows(name: string): unknown[] {
    const rows = this.#rows.get(name);
    if (rows !== undefined) return rows;
    const known = [...this.#rows.keys()].map((each) => `"${each}"`).join(", ");
    throw new PipelineError("BAD_ARGUMENT", `The pipeline has no sink or side output "${name}"; it has ${known}.`, undefined);
  }

  /** A sink that shows its rows at once. */
  sink(name: string): Sink<unknown> {
    const rows: unknown[] = [];
    this.#rows.set(name, rows);
    return Object.freeze({
      connector: "test",
      type: undefined,
      describe: () => ({}),
      create: (): SinkConnector => ({
        recover: () => Promise.resolve(),
        writer: () => Promise.resolve(capturingWriter(rows)),
        close: () => Promise.resolve(),
      }),
    });
  }
}

function capturingWriter(rows: unknown[]): SinkWriter {
  return {
    write(batch: Batch) {
      for (let row = 0; row < batch.rows; row++) rows.push(rowAt(batch, row));
      return true;
    },
    ready: () => Promise.resolve(),
    prepare: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    failed: new Promise<never>(() => {}),
    close: () => Promise.resolve(),
  };
}
