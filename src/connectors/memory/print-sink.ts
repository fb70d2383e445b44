// Prints rows as lines of JSON, for looking at a stream. At least once: after a failure rows since the last checkpoint come again.
import type { Batch } from "../../schema/batch.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { jsonEncoder } from "../../schema/json/encoder.ts";
import { calledAt } from "../../stream/called-at.ts";
import { checkOptions } from "../../stream/check-options.ts";
import type { ConnectorContext, Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";

export interface PrintOptions {
  /** Before each line; default: the sink's name, and its subtask's number where there are several. */
  readonly prefix?: string;
  /** Default: standard output. */
  readonly write?: (line: string) => void;
}

const decoder = new TextDecoder();

/** One line per row: "name> {…}", with several subtasks "name:2> {…}". A row that JSON cannot hold (NaN) fails the job, unless .to(…) has another `onError`. */
export function printSink<T = unknown>(options: PrintOptions = {}): Sink<T> {
  checkOptions(options, ["prefix", "write"], "printSink(options)", calledAt(printSink));
  const { prefix, write = (line: string) => console.log(line) } = options;
  return Object.freeze({
    connector: "print",
    type: undefined,
    describe: () => ({}),
    create: ({ operator }: ConnectorContext): SinkConnector => ({
      recover: () => Promise.resolve(),
      writer: (subtask, parallelism) => {
        const own = prefix ?? (parallelism === 1 ? `${operator}> ` : `${operator}:${subtask}> `);
        return Promise.resolve(printWriter(own, write));
      },
      close: () => Promise.resolve(),
    }),
  });
}

function printWriter(prefix: string, write: (line: string) => void): SinkWriter {
  const out = new EncodeBuffer();
  let encode: ReturnType<typeof jsonEncoder> | undefined;
  let type: Batch["type"];
  return {
    write(batch) {
      if (encode === undefined || type !== batch.type) encode = jsonEncoder((type = batch.type));
      for (let row = 0; row < batch.rows; row++) {
        out.reset();
        try {
          encode(batch, row, out);
        } catch (error) {
          throw new SinkRowError(row, error);
        }
        write(prefix + decoder.decode(out.finish()));
      }
      return true;
    },
    ready: () => Promise.resolve(),
    prepare: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    failed: new Promise<never>(() => {}),
    close: () => Promise.resolve(),
  };
}
