// The public entry `millrace/connectors/memory`: sources and sinks inside this process.
export { arraySource, type ArraySourceOptions } from "./array-source.ts";
export { collectSink, type CollectSink } from "./collect-sink.ts";
export { blackholeSink, functionSink } from "./function-sink.ts";
export { printSink, type PrintOptions } from "./print-sink.ts";
export { generatorSource, type ColumnGenerator, type RowGenerator } from "./generator-source.ts";
