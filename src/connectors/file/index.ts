// millrace/connectors/file: files and directories as sources and sinks of a pipeline.
export { csv, type CsvOptions } from "./csv-format.ts";
export { FileConnectorError, type FileConnectorErrorCode } from "./file-connector-error.ts";
export type { FileFormat } from "./file-format.ts";
export { fileSource, type FileSourceOptions } from "./file-source.ts";
export { jsonLines } from "./json-lines-format.ts";
export { lines } from "./lines-format.ts";
export { fileSink, type FileSinkOptions, type RollOptions } from "./file-sink.ts";
