// Where a pipeline of the examples writes its files: below the example's data directory. run-example.ts sets it before the pipeline's module
// is loaded, in every thread.
export const OUTPUT_VARIABLE = "MILLRACE_EXAMPLE_OUTPUT";

export const outputDirectory = (name: string): string => `${process.env[OUTPUT_VARIABLE] ?? ".millrace/output"}/${name}`;
