// What user code holds of a file sink. Where and how it writes is part of the plan; when it begins new files is not.
import { optionProblem } from "../../stream/check-options.ts";
import type { ConnectorContext, Sink } from "../../stream/connector.ts";
import { durationMs } from "../../stream/duration.ts";
import type { Duration } from "../../stream/watermarks.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";
import { FileSinkConnector } from "./sink-connector.ts";

export interface RollOptions {
  /** A file of at least so many bytes is finished. Default 128 MiB. */
  readonly sizeBytes?: number;
  /** A file whose first row is older is finished with the next checkpoint. Default "1m". */
  readonly every?: Duration;
  /** Every checkpoint finishes all files: rows are visible as soon as they can be, in more and smaller files. Default false. */
  readonly onCheckpoint?: boolean;
}

export interface FileSinkOptions<T> {
  readonly roll?: RollOptions;
  /** Fields whose values name directories ("country=DE/day=2026-01-31"), or a function that names one ("2026/01/31"). */
  readonly partitionBy?: (keyof T & string) | readonly (keyof T & string)[] | ((row: T) => string);
}

const DEFAULT_SIZE_BYTES = 128 * 1024 * 1024;

/**
 * Writes rows to files below a directory, exactly once: files appear under their names (part-<subtask>-<writer>-<number>.<extension>) with
 * the checkpoint that completes them, whole, and never change. Unfinished ones lie in ".millrace-staging". Throws BAD_OPTION.
 */
export function fileSink<T>(directory: string, format: FileFormat<T>, options: FileSinkOptions<NoInfer<T>> = {}): Sink<T> {
  if (typeof directory !== "string" || directory === "") throw bad("the path of a directory is the first argument");
  if (typeof format?.encoder !== "function") throw bad("a format is the second argument: csv(schema), jsonLines(schema) or lines()");
  checkOptions(options);
  const { sizeBytes = DEFAULT_SIZE_BYTES, every = "1m", onCheckpoint = false } = options.roll ?? {};
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) throw bad("roll.sizeBytes is a whole number above 0");
  const everyMs = durationMs(every, "fileSink(directory, format, { roll: { every } })", fileSink);
  const { partitionBy } = options;
  const fields = typeof partitionBy === "string" ? [partitionBy] : typeof partitionBy === "function" ? undefined : partitionBy;
  if (fields !== undefined) checkFields(format, fields);
  const partition = typeof partitionBy === "function" ? (partitionBy as (row: unknown) => string) : fields;
  return Object.freeze({
    connector: "file",
    type: format.type,
    describe: () => ({
      directory,
      ...(format.describe() as object),
      ...(partition === undefined ? {} : { partitionBy: fields ?? "a function" }),
    }),
    create: (context: ConnectorContext) =>
      new FileSinkConnector(context, { directory: trimmed(directory), format, sizeBytes, everyMs, onCheckpoint, partition }),
  });
}

function checkFields(format: FileFormat<unknown>, fields: readonly string[]): void {
  const { type } = format;
  const names = type?.kind === "record" ? type.fields.map(({ name }) => name) : [];
  const unknown = fields.find((field) => !names.includes(field));
  if (unknown !== undefined || fields.length === 0)
    throw bad(`partitionBy names fields of the rows (${names.join(", ")}), not "${String(unknown)}"`);
}

function trimmed(directory: string): string {
  return directory.length > 1 && directory.endsWith("/") ? trimmed(directory.slice(0, -1)) : directory;
}

function checkOptions(options: FileSinkOptions<never>): void {
  const roll = options === null || typeof options !== "object" ? undefined : options.roll;
  const inRoll = optionProblem(roll, ["sizeBytes", "every", "onCheckpoint"]);
  const problem = optionProblem(options, ["roll", "partitionBy"]) ?? (inRoll === undefined ? undefined : `roll: ${inRoll}`);
  if (problem !== undefined) throw bad(problem);
}

function bad(reason: string): FileConnectorError {
  return new FileConnectorError("BAD_OPTION", `fileSink(directory, format): ${/[.?]$/.test(reason) ? reason : `${reason}.`}`);
}
