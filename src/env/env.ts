// Everything that leaves the program: clock, timers, random, files, network, threads, compression. Passed through constructors;
// src/env-node/ holds the real one, src/testing/ the virtual one. Nothing else may touch Node's ambient APIs (tools/layers.test.ts).
import type { Clock, Random, Timers } from "./clock.ts";
import type { Compression } from "./compression.ts";
import type { Files } from "./files.ts";
import type { Logger } from "./logger.ts";
import type { Network } from "./network.ts";
import type { ThreadChannel, Threads } from "./threads.ts";

export interface Env {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: Files;
  readonly network: Network;
  readonly threads: Threads;
  readonly compression: Compression;
  readonly logger: Logger;
}

/** `export function start(env, channel)` of a module given to Threads.spawn. A rejection ends the thread with that error. */
export type ThreadStart = (env: Env, channel: ThreadChannel) => void | Promise<void>;
