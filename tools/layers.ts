// The house's rules as data: which folder may import which, where the ambient world may be touched, how large a file or a function
// may grow. tools/layers.test.ts holds the tree to them. The lists of exceptions may only shrink.

/** folder under src/ → the folders it may import from. A folder may always import from itself. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  env: [],
  bytes: [],
  "env-node": ["env", "bytes"],
  schema: ["bytes"],
  protocol: ["env", "bytes"],
  log: ["env", "bytes", "protocol"],
  broker: ["env", "bytes", "protocol", "log"],
  client: ["env", "bytes", "protocol"],
  registry: ["env", "bytes", "schema", "protocol", "client"],
  stream: ["env", "schema"],
  engine: ["env", "bytes", "schema", "stream"],
  "connectors/kafka": ["env", "bytes", "protocol", "client", "registry", "schema", "stream"],
  "connectors/memory": ["env", "schema", "stream"],
  "connectors/file": ["env", "schema", "stream"],
  // Only src/connectors/index.ts: the contract as a public entry.
  connectors: ["env", "schema", "stream"],
  server: [
    "env",
    "env-node",
    "bytes",
    "schema",
    "protocol",
    "log",
    "broker",
    "client",
    "registry",
    "stream",
    "engine",
    "connectors/kafka",
    "connectors/memory",
    "connectors/file",
  ],
  testing: [
    "env",
    "env-node",
    "bytes",
    "schema",
    "protocol",
    "log",
    "broker",
    "client",
    "registry",
    "stream",
    "engine",
    "connectors/kafka",
    "connectors/memory",
    "connectors/file",
    "server",
  ],
  cli: [
    "env",
    "env-node",
    "bytes",
    "schema",
    "protocol",
    "log",
    "broker",
    "client",
    "registry",
    "stream",
    "engine",
    "connectors/kafka",
    "connectors/memory",
    "connectors/file",
    "server",
  ],
};

/** Public entries: the only files that may build the real Env for their callers. */
export const PUBLIC_ENTRIES: readonly string[] = [
  "src/stream/index.ts",
  "src/client/index.ts",
  "src/broker/index.ts",
  "src/registry/index.ts",
  "src/server/index.ts",
  "src/connectors/kafka/index.ts",
  "src/testing/index.ts",
];

/** Folders (or files) that may touch the ambient world: clocks, timers, random, files, sockets, threads, the process. */
export const AMBIENT_ALLOWED: readonly string[] = [
  "src/env-node/",
  "src/cli/",
  "src/server/http/",
  "src/registry/http/",
  "src/testing/simulation/",
  "src/protocol/testing/",
];

/** What counts as the ambient world, in code with comments and strings removed. */
export const AMBIENT: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "Date.now", pattern: /\bDate\s*\.\s*now\b/ },
  { name: "new Date()", pattern: /\bnew\s+Date\s*\(\s*\)/ },
  { name: "Math.random", pattern: /\bMath\s*\.\s*random\b/ },
  { name: "setTimeout", pattern: /(?<![.\w])setTimeout\s*\(/ },
  { name: "setInterval", pattern: /(?<![.\w])setInterval\s*\(/ },
  { name: "setImmediate", pattern: /(?<![.\w])setImmediate\s*\(/ },
  { name: "queueMicrotask", pattern: /(?<![.\w])queueMicrotask\s*\(/ },
  { name: "performance", pattern: /(?<![.\w])performance\s*\./ },
  { name: "process", pattern: /(?<![.\w])process\s*\./ },
  { name: "crypto", pattern: /(?<![.\w])crypto\s*\./ },
  { name: "fetch", pattern: /(?<![.\w])fetch\s*\(/ },
  { name: "AbortSignal.timeout", pattern: /\bAbortSignal\s*\.\s*timeout\b/ },
];

/** Node modules with no clock, I/O or thread behind them. */
export const PURE_NODE_MODULES: readonly string[] = ["node:buffer", "node:path", "node:util"];

export const LIMITS = { fileLines: 500, testFileLines: 800, functionLines: 70 } as const;

/** file → lines it has now. Shrink it or leave it; never raise a number, never add a line without a decision in docs/decisions/. */
export const LARGE_FILES: Readonly<Record<string, number>> = {};

/** "file function" → lines it has now. The same rule. */
export const LARGE_FUNCTIONS: Readonly<Record<string, number>> = {};
