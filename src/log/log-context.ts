// What all partitions of one log directory share.
import type { BufferPool } from "../bytes/buffer-pool.ts";
import type { Env } from "../env/env.ts";
import type { CheckpointBursts } from "./checkpoint-bursts.ts";
import type { DamageRegister } from "./damage-register.ts";
import type { DelayedDeletion } from "./delayed-deletion.ts";
import type { FileCache } from "./file-cache.ts";
import type { FlushGroup } from "./flush-group.ts";
import type { FullDisk } from "./full-disk.ts";
import type { HotTail } from "./hot-tail.ts";
import type { IndexCache } from "./index-cache.ts";
import type { ResolvedLogOptions } from "./log-options.ts";
import type { SuspectPages } from "./suspect-pages.ts";

export interface LogContext {
  readonly env: Env;
  readonly options: ResolvedLogOptions;
  readonly files: FileCache;
  readonly flush: FlushGroup;
  readonly bursts: CheckpointBursts;
  readonly hotTail: HotTail;
  /** What reads are read into. */
  readonly buffers: BufferPool;
  readonly indexCache: IndexCache;
  readonly suspectPages: SuspectPages;
  readonly fullDisk: FullDisk;
  readonly deletions: DelayedDeletion;
  readonly damages: DamageRegister;
  /** Set once, by the first fatal error: nothing is appended any more, reads go on. */
  readonly failure: Error | undefined;
  /** Fail-stop: after this nothing is acknowledged. */
  fail(what: string, error: unknown): Error;
}
