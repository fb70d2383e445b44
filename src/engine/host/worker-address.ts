// Where worker-entry is: a .ts file in the repository, a .js file in the package. The only place that knows.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

export const workerEntryAddress = new URL(`./worker-entry.${extension}`, import.meta.url);
