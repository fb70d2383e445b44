// What user code holds of a file source. The path and the format are part of the plan.
import { optionProblem } from "../../stream/check-options.ts";
import type { ConnectorContext, Source } from "../../stream/connector.ts";
import { durationMs } from "../../stream/duration.ts";
import type { Duration } from "../../stream/watermarks.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";
import { parsePathPattern } from "./path-pattern.ts";
import { FileSourceConnector } from "./source-connector.ts";

const DEFAULT_MAX_RECORD_BYTES = 1 << 20;

export interface FileSourceOptions {
  /**
   * Looks for new files, and for more text at the end of those it has read, this often; the source never ends. Missing: the files that are
   * there when the job starts are read once, and the source ends.
   */
  readonly watch?: Duration;
  /** A longer record is malformed. Default 1 MiB. */
  readonly maxRecordBytes?: number;
}

/**
 * Reads a file, all files below a directory, or those that a pattern means ("logs/*.csv.gz", "in/**"): .gz and .zst are decompressed by name.
 * Each file is a split. Malformed records go where the source's onError says, with file, line and the text's byte offset. Throws BAD_OPTION.
 */
export function fileSource<T>(path: string, format: FileFormat<T>, options: FileSourceOptions = {}): Source<T> {
  if (typeof path !== "string" || path === "") throw bad("the path of a file or directory, or a pattern, is the first argument");
  if (typeof format?.decoder !== "function") throw bad("a format is the second argument: csv(schema), jsonLines(schema) or lines()");
  checkOptions(options);
  const { watch, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES } = options;
  if (!Number.isSafeInteger(maxRecordBytes) || maxRecordBytes < 1) throw bad("maxRecordBytes is a whole number above 0");
  const watchMs = watch === undefined ? undefined : durationMs(watch, "fileSource(path, format, { watch })", fileSource);
  if (watchMs !== undefined && watchMs < 1) throw bad("watch is at least 1 ms");
  const pattern = parsePathPattern(path);
  return Object.freeze({
    connector: "file",
    type: format.type,
    describe: () => ({ path, watch: watchMs !== undefined, ...(format.describe() as object) }),
    create: (context: ConnectorContext) => new FileSourceConnector(context, { path, pattern, format, watchMs, maxRecordBytes }),
  });
}

function checkOptions(options: FileSourceOptions): void {
  const problem = optionProblem(options, ["watch", "maxRecordBytes"]);
  if (problem !== undefined) throw bad(problem);
}

function bad(reason: string): FileConnectorError {
  return new FileConnectorError("BAD_OPTION", `fileSource(path, format): ${/[.?]$/.test(reason) ? reason : `${reason}.`}`);
}
