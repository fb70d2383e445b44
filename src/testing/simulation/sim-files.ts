// The simulated disk of one host, and its knobs. Invariant: everything programs do to it happens as an event of the scheduler, at an
// index; a crash leaves what crash-style.ts allows and nothing else. Each process sees the disk through its own SimFilesView.
import { posix } from "node:path";
import { drawCrash } from "./crash-style.ts";
import type { CrashStyle } from "./crash-style.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimDirectoryTree } from "./sim-directory-tree.ts";
import { SimFileNode } from "./sim-file-node.ts";
import type { SimProcess } from "./sim-process.ts";

export type OperationKind =
  | "open"
  | "read"
  | "write"
  | "datasync"
  | "truncate"
  | "size"
  | "close"
  | "makeDirectory"
  | "list"
  | "stat"
  | "rename"
  | "remove"
  | "removeDirectory"
  | "syncDirectory"
  | "freeBytes"
  | "lockDirectory";

/** Operations after which a crash may leave something else than before them. */
export const CHANGING_OPERATIONS: ReadonlySet<OperationKind> = new Set<OperationKind>([
  "open",
  "write",
  "datasync",
  "truncate",
  "makeDirectory",
  "rename",
  "remove",
  "removeDirectory",
  "syncDirectory",
]);

export interface Operation {
  /** In the order of effects, from 0. */
  readonly index: number;
  readonly kind: OperationKind;
  readonly path: string;
}

/**
 * "crash-torn": in the middle of a write or a sync; elsewhere as "crash-after". "lie": a sync answers well and does nothing; elsewhere as "ok".
 * "kill": the operation takes effect in the page cache (a sync has none), and its process is killed before it learns of it.
 * An error of a write may leave a part of it, of a sync too, unless `effect` says "none".
 */
export type Verdict =
  | "ok"
  | "lie"
  | "kill"
  | "crash-before"
  | "crash-after"
  | "crash-torn"
  | { readonly error: "EIO" | "ENOSPC" | "EMFILE" | "EROFS" | "EACCES"; readonly effect?: "part" | "none" };

export type Range = readonly [minMs: number, maxMs: number];

export class SimFiles {
  /** Virtual milliseconds per operation. */
  latency: { read: Range; write: Range; sync: Range; entry: Range } = {
    read: [0.02, 0.2],
    write: [0.01, 0.1],
    sync: [0.3, 4],
    entry: [0.02, 0.3],
  };
  /** Multiplies every latency: a disk that became slow. */
  slowdown = 1;
  /** The probability that a sync answers well without having done anything: a lying drive. */
  lyingSync = 0;
  /** Which files it lies about. */
  liesAbout: (path: string) => boolean = () => true;
  /** Bytes of file contents that fit. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** The probability of a crash that leaves garbage instead of zeros in parts of a file that were never written. */
  garbageProbability = 0.1;
  /** Open handles that fit. */
  maxOpenFiles = 10_000;
  /** Asked before each operation takes effect. */
  onOperation: ((operation: Operation) => Verdict) | undefined;
  /** Operations that took effect so far. */
  operations = 0;
  /** Handles that are open: a test may check for leaks. */
  openHandles = 0;

  /** Called when the power is cut, before anything else. */
  onCrash: (() => void) | undefined;
  /** Other salts give other outcomes of a crash at the same moment of the same run. */
  crashSalt = 0;

  readonly tree = new SimDirectoryTree();
  readonly locks = new Map<string, SimProcess>();
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly #onPowerCut: () => void;
  readonly #now: () => number;
  #on = true;

  constructor(scheduler: Scheduler, random: Prng, now: () => number, onPowerCut: () => void) {
    this.scheduler = scheduler;
    this.random = random;
    this.#now = now;
    this.#onPowerCut = onPowerCut;
  }

  get isOn(): boolean {
    return this.#on;
  }

  now(): number {
    return this.#now();
  }

  /**
   * A power cut of this disk's host: its processes end, unsynced changes survive as the seed (or `style`) says. Whatever those processes
   * still try rejects with code "ECRASHED". Nothing can be opened until restart().
   */
  crash(options: { readonly style?: CrashStyle } = {}): void {
    if (!this.#on) return;
    this.#on = false;
    this.onCrash?.();
    this.#onPowerCut();
    this.locks.clear();
    this.openHandles = 0;
    this.scheduler.trace.text("crash");
    const random = this.random.fork(`crash ${this.crashSalt} at ${this.operations}`);
    this.tree.crash(drawCrash(random, this.operations, this.garbageProbability, options.style));
    for (const file of this.tree.files()) {
      this.scheduler.trace.number(file.length);
      file.modifiedMs = Math.min(file.modifiedMs, this.#now());
    }
  }

  /** kill -9 of the processes of this disk's host. */
  killProcesses(): void {
    this.#onPowerCut();
  }

  /** Power is back: new processes see what survived. Removes onOperation and onCrash: faults of the next life are set after this. */
  restart(): void {
    this.#on = true;
    this.onOperation = undefined;
    this.onCrash = undefined;
  }

  /** A directory that has always been there. */
  provideDirectory(path: string): void {
    this.tree.makeDirectories(0, posix.normalize(path), true);
  }

  /** What is in a file now, outside of time; undefined if there is none. */
  peek(path: string): Uint8Array | undefined {
    const node = this.tree.find(posix.normalize(path));
    return node instanceof SimFileNode ? node.contents() : undefined;
  }

  /** Files of which a lying sync has promised more than the platter holds: the first such byte, and what programs see. */
  brokenPromises(): { readonly path: string; readonly from: number; readonly bytes: Uint8Array }[] {
    return [...this.tree.paths()].flatMap(([path, file]) => {
      const from = file.brokenPromiseAt;
      return from === undefined ? [] : [{ path, from, bytes: file.contents() }];
    });
  }

  usedBytes(): number {
    let bytes = 0;
    for (const file of this.tree.files()) bytes += file.length;
    return bytes;
  }

  /** Draws how long an operation takes. */
  delay(range: Range): number {
    return this.random.between(range[0], range[1]) * this.slowdown;
  }
}
