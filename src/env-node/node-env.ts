// The real world as an Env. This folder is the only place that touches Node's ambient APIs.
import { createRequire } from "node:module";
import { useNativeCrc32c } from "../bytes/crc32c.ts";
import type { Env } from "../env/env.ts";
import type { Logger } from "../env/logger.ts";
import { nodeClock, nodeTimers } from "./node-clock.ts";
import { nodeCompression } from "./node-compression.ts";
import { nodeFiles } from "./node-files.ts";
import { createNodeLogger } from "./node-logger.ts";
import type { LoggerOptions } from "./node-logger.ts";
import { nodeNetwork } from "./node-network.ts";
import { nodeRandom } from "./node-random.ts";
import { createNodeThreads } from "./node-threads.ts";

export interface NodeEnvOptions extends LoggerOptions {
  /** Replaces the logger on standard error (in this thread; threads it spawns log to standard error). */
  readonly logger?: Logger;
}

export function createNodeEnv(options: NodeEnvOptions = {}): Env {
  installNativeCrc32c();
  const { logger, ...loggerOptions } = options;
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    files: nodeFiles,
    network: nodeNetwork,
    threads: createNodeThreads(loggerOptions),
    compression: nodeCompression,
    logger: logger ?? createNodeLogger(loggerOptions),
  };
}

let crc32cTried = false;

/** A prebuilt binary that may be missing for a platform: the JavaScript twin does the work then. */
function installNativeCrc32c(): void {
  if (crc32cTried) return;
  crc32cTried = true;
  try {
    const module = createRequire(import.meta.url)("@node-rs/crc32") as { crc32c(bytes: Uint8Array): number };
    useNativeCrc32c((bytes) => module.crc32c(bytes));
  } catch {
    useNativeCrc32c(undefined);
  }
}
