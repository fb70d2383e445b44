// Runs all subtasks of a job in one loop of one thread, this one or a worker. Commands come at any time and are obeyed between two
// polls; every few ms the loop gives way to sockets and timers. Reading stops while a sink is not ready: that is the backpressure.
import { buggify } from "../../env/fault-points.ts";
import type { Env } from "../../env/env.ts";
import type { Timer } from "../../env/clock.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import { DirectoryCheckpointStore } from "../checkpoint/directory-checkpoint-store.ts";
import { describeFailure } from "../coordinator/job-failure.ts";
import type { JobGraph } from "../job-graph.ts";
import { Execution } from "./execution.ts";
import type { ExecutionHost } from "./execution.ts";
import { HostCheckpoint } from "./host-checkpoint.ts";
import type { Positions } from "./host-checkpoint.ts";
import type { Deployment, HostCommand, HostEvent } from "./host-messages.ts";
import { reportKeys } from "./key-report.ts";
import { HostStatus } from "./host-status.ts";
import type { SplitRunner } from "./split-runner.ts";
import { isAhead } from "./split-alignment.ts";
import { Wakeup } from "./wakeup.ts";

/** The loop gives way after this long or this many polls. */
const SLICE_MS = 4;
const SLICE_POLLS = 256;
/** A busy host sends rows on after this long, however few they are. */
const FLUSH_INTERVAL_MS = 20;
/** Of a slice, for encoding a snapshot while rows flow. */
const ENCODE_MS = 2;

export class TaskHost {
  readonly #env: Env;
  readonly #deployment: Deployment;
  readonly #emit: (event: HostEvent) => void;
  /** What runners and gates call; its `failed` is this host's. */
  readonly #calls: ExecutionHost & { failed: boolean };
  readonly #execution: Execution;
  readonly #store: CheckpointStore | undefined;
  readonly #status: HostStatus;
  readonly #wakeup: Wakeup;
  #phase: "deploying" | "running" | "closing" | "closed" = "deploying";
  #deployed = false;
  #suspended = false;
  #draining: boolean;
  #endedSubtasks = 0;
  #splits: SplitRunner[] = [];
  #nextSplit = 0;
  #flushedAt = 0;
  #heldUntil = 0;
  #trigger: { readonly id: number; readonly suspend: boolean } | undefined;
  #checkpoint: HostCheckpoint | undefined;
  /** Positions by checkpoint, for checkpointed(). */
  readonly #acknowledged = new Map<number, Positions>();
  #discovery: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(env: Env, graph: JobGraph, deployment: Deployment, emit: (event: HostEvent) => void) {
    this.#env = env;
    this.#deployment = deployment;
    this.#emit = emit;
    this.#draining = deployment.drain;
    const { checkpointDirectory, job } = deployment;
    this.#store = checkpointDirectory === undefined ? undefined : new DirectoryCheckpointStore(env.files, checkpointDirectory, job);
    this.#wakeup = new Wakeup(env.timers);
    this.#calls = {
      failed: false,
      fail: (error, operator) => this.#fail(error, operator),
      snapshot: (_runner, cursor) => this.#checkpoint!.add(cursor),
      subtaskEnded: () => this.#subtaskEnded(),
      wake: () => this.#wakeup.wake(),
      pressure: { held: 0 },
    };
    this.#execution = new Execution(env, graph, deployment, this.#calls);
    this.#status = new HostStatus(env, this.#execution);
  }

  /** Deploys and runs to the end; everything is told by events. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#execution.deploy(this.#store);
      this.#splits = this.#execution.sources.flatMap((source) => source.splits.flat());
    } catch (error) {
      this.#fail(error, undefined);
    }
    if (this.#calls.failed || this.#phase !== "deploying") return await this.#close();
    this.#phase = "running";
    this.#deployed = true;
    this.#emit({ kind: "running" });
    this.#status.start(this.#deployment.statusIntervalMs, (report) => this.#emit({ kind: "status", report }));
    this.#planDiscovery();
    if (this.#draining) this.#drain();
    await this.#loop();
    await this.#close();
  }

  send(command: HostCommand): void {
    switch (command.kind) {
      case "trigger":
        this.#trigger = command;
        break;
      case "complete":
        this.#complete(command.id);
        break;
      case "abort":
        this.#abort(command.id);
        break;
      case "look-at-key":
        if (this.#phase === "running" && !this.#calls.failed)
          this.#emit({ kind: "key-found", question: command.question, reports: reportKeys(this.#execution.runners, command.keys) });
        return;
      case "drain":
        this.#draining = true;
        if (this.#phase === "running") this.#drain();
        break;
      case "close":
        if (this.#phase !== "closed") this.#phase = "closing";
        break;
    }
    this.#wakeup.wake();
  }

  /** Stops at the next poll and closes everything. */
  async kill(): Promise<void> {
    this.#calls.failed = true;
    this.send({ kind: "close" });
    await this.#running;
  }

  // ---------- the loop ----------

  async #loop(): Promise<void> {
    while (this.#phase === "running" && !this.#calls.failed) {
      this.#takeCheckpoint();
      const blocked = this.#execution.gates.some(isBlocked);
      if (!blocked && !this.#suspended) this.#fireTimers();
      const reading = !blocked && !this.#suspended && !this.#isHeld && this.#readSlice();
      this.#encode(reading ? ENCODE_MS : SLICE_MS);
      if (this.#calls.failed) break;
      if (reading || this.#checkpoint?.hungry === true || this.#trigger !== undefined) {
        if (!this.#suspended && this.#mustFlush()) this.#flush();
        await this.#giveWay();
      } else await this.#rest(blocked);
    }
  }

  /** An operator cannot take more elements before answers come. */
  get #isHeld(): boolean {
    return this.#calls.pressure.held > 0;
  }

  /** Polls readable splits in turn. False: none of them had anything; a slice that ended before it knew says true. */
  #readSlice(): boolean {
    const { clock } = this.#env;
    const splits = this.#splits;
    const until = clock.monotonicMs() + SLICE_MS;
    let read = false;
    let misses = 0;
    let polls = 0;
    while (misses < splits.length) {
      if (this.#nextSplit >= splits.length) this.#nextSplit = 0;
      const split = splits[this.#nextSplit++]!;
      if (!split.readable || isAhead(split, splits)) {
        if (split.readable) split.held();
        misses++;
        continue;
      }
      const now = clock.monotonicMs();
      polls++;
      if (split.poll(now)) {
        read = true;
        misses = 0;
      } else {
        misses++;
        if (split.status === "finished") this.#endSourcesThatFinished();
      }
      if (this.#calls.failed || now >= until || polls === SLICE_POLLS || buggify("slice-ends-early")) return true;
      if (this.#isHeld || this.#execution.gates.some(isBlocked)) return true;
    }
    return read;
  }

  /** Nothing to do: what is half full goes out, then the thread sleeps until something happens. */
  async #rest(blocked: boolean): Promise<void> {
    let sleepMs = Infinity;
    if (blocked || this.#suspended || this.#isHeld) for (const split of this.#splits) split.held();
    if (!blocked && !this.#suspended) {
      const holdMs = this.#holdMs();
      if (holdMs === 0) this.#flush();
      if (!this.#isHeld) this.#checkIdleness();
      sleepMs = Math.min(this.#untilTimers(), holdMs || Infinity);
      // A split that has just fallen idle or finished no longer holds others back.
      if (this.#splits.some((split) => split.alignment !== undefined && split.readable && !isAhead(split, this.#splits))) sleepMs = 0;
    }
    if (this.#execution.gates.some(isBlocked)) sleepMs = Infinity;
    const since = this.#status.resting();
    await this.#wakeup.sleep(sleepMs);
    this.#status.rested(since, blocked || this.#isHeld);
  }

  /** How long a simulation lets rows wait though nothing else comes; 0: not at all. */
  #holdMs(): number {
    const now = this.#env.clock.monotonicMs();
    if (now >= this.#heldUntil && buggify("exchange-held")) this.#heldUntil = now + FLUSH_INTERVAL_MS;
    return Math.max(0, this.#heldUntil - now);
  }

  async #giveWay(): Promise<void> {
    await new Promise<void>((resolve) => this.#env.timers.soon(resolve));
  }

  #mustFlush(): boolean {
    return this.#env.clock.monotonicMs() - this.#flushedAt >= FLUSH_INTERVAL_MS || buggify("exchange-flushed");
  }

  #flush(): void {
    this.#flushedAt = this.#env.clock.monotonicMs();
    for (const runner of this.#execution.runners) if (!runner.ended) runner.flush();
  }

  /** Until the next processing-time timer or the next decision about an idle split. */
  #untilTimers(): number {
    const { clock } = this.#env;
    let timer = Infinity;
    for (const runner of this.#execution.runners) if (!runner.ended) timer = Math.min(timer, runner.nextTimer);
    let idle = Infinity;
    for (const split of this.#splits) idle = Math.min(idle, split.idleAt);
    return Math.min(timer - clock.now(), idle - clock.monotonicMs());
  }

  #fireTimers(): void {
    const now = this.#env.clock.now();
    for (const runner of this.#execution.runners) if (!runner.ended && runner.nextTimer <= now) runner.tick(now);
  }

  #checkIdleness(): void {
    const now = this.#env.clock.monotonicMs();
    for (const split of this.#splits) split.checkIdle(now);
  }

  // ---------- the end of input ----------

  #drain(): void {
    for (const split of this.#splits) split.drain().catch((error: unknown) => this.#fail(error, split.source));
    this.#endSourcesThatFinished();
  }

  /** A source ends when all its splits have: its subtasks end together. */
  #endSourcesThatFinished(): void {
    for (const source of this.#execution.sources) {
      if (source.runners[0]!.ended) continue;
      const splits = source.splits.flat();
      // No splits at all: somebody may still make some, unless the job only reads what is there.
      const mayEnd = this.#draining || (splits.length > 0 && source.connector.continuous !== true);
      if (mayEnd && splits.every((split) => split.status === "finished")) for (const runner of source.runners) runner.endOfSource();
    }
  }

  #subtaskEnded(): void {
    if (++this.#endedSubtasks < this.#execution.runners.length || this.#calls.failed) return;
    for (const gate of this.#execution.gates) gate.endOfInput();
    this.#emit({ kind: "ended" });
  }

  // ---------- checkpoints ----------

  #takeCheckpoint(): void {
    const trigger = this.#trigger;
    if (trigger === undefined) return;
    this.#trigger = undefined;
    this.#checkpoint?.abandon();
    this.#suspended = trigger.suspend;
    if (trigger.suspend) for (const gate of this.#execution.gates) gate.endOfInput();
    const checkpoint = new HostCheckpoint(trigger.id, this.#positions(), this.#execution.gates, this.#store);
    this.#checkpoint = checkpoint;
    for (const source of this.#execution.sources) for (const runner of source.runners) runner.barrier(trigger.id);
    if (this.#calls.failed) return;
    if (checkpoint.cursors !== this.#execution.runners.length)
      return this.#fail(
        new Error(`Barrier ${trigger.id} reached ${checkpoint.cursors} of ${this.#execution.runners.length} subtasks.`),
        undefined,
      );
    checkpoint.snapshot.then(
      (snapshot) => {
        if (this.#calls.failed || this.#checkpoint !== checkpoint) return;
        this.#acknowledged.set(checkpoint.id, checkpoint.positions);
        this.#emit({ kind: "acknowledged", id: checkpoint.id, snapshot });
      },
      (error: unknown) => {
        if (this.#calls.failed || this.#checkpoint !== checkpoint) return;
        this.#emit({ kind: "declined", id: checkpoint.id, reason: error instanceof Error ? error.message : String(error) });
      },
    );
  }

  #positions(): Positions {
    const positions: Positions = {};
    for (const source of this.#execution.sources) {
      const bySplit: Positions[string] = {};
      for (const split of source.splits.flat()) bySplit[split.id] = split.position;
      positions[source.node.name] = bySplit;
    }
    return positions;
  }

  #encode(budgetMs: number): void {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined || !checkpoint.hungry) return;
    try {
      checkpoint.step(budgetMs, this.#env.clock, () => this.#wakeup.wake());
    } catch (error) {
      this.#fail(error, undefined);
    }
  }

  #complete(id: number): void {
    if (this.#calls.failed || this.#phase !== "running") return;
    this.#checkpoint = undefined;
    for (const runner of this.#execution.runners) runner.checkpointDone(id);
    this.#tellSources(id);
    Promise.all(this.#execution.gates.map((gate) => this.#commit(gate, id))).then(
      () => {
        if (!this.#calls.failed) this.#emit({ kind: "committed", id });
      },
      () => {},
    );
  }

  async #commit(gate: { readonly operator: string; commit(id: number): Promise<void> }, id: number): Promise<void> {
    try {
      await gate.commit(id);
    } catch (error) {
      this.#fail(error, gate.operator);
      throw error;
    }
  }

  #tellSources(id: number): void {
    const positions = this.#acknowledged.get(id) ?? {};
    for (const known of this.#acknowledged.keys()) if (known <= id) this.#acknowledged.delete(known);
    for (const source of this.#execution.sources) {
      const bySplit = new Map(Object.entries(positions[source.node.name] ?? {}));
      source.connector.checkpointed?.(id, bySplit).catch((error: unknown) => {
        this.#env.logger.log("warn", "source-not-told", { job: this.#deployment.job, source: source.node.name, error: String(error) });
      });
    }
  }

  #abort(id: number): void {
    if (this.#trigger?.id === id) this.#trigger = undefined;
    if (this.#checkpoint?.id === id) {
      this.#checkpoint.abandon();
      this.#checkpoint = undefined;
    }
    this.#acknowledged.delete(id);
    for (const runner of this.#execution.runners) runner.checkpointAborted(id);
  }

  // ---------- discovery, failure, the end ----------

  #planDiscovery(): void {
    const wanted = this.#execution.sources.map(({ connector }) => connector.discoverEveryMs ?? Infinity);
    const everyMs = Math.min(this.#deployment.discoveryIntervalMs, ...wanted);
    this.#discovery = this.#env.timers.after(everyMs, () => void this.#discover(), { unref: true });
  }

  async #discover(): Promise<void> {
    try {
      for (const source of this.#execution.sources) {
        if (this.#draining || source.runners[0]!.ended) continue;
        const opened = await this.#execution.discover(source);
        this.#splits.push(...opened);
        // Closed meanwhile: nobody else would close these readers.
        if (this.#phase !== "running") for (const split of opened) await split.reader.close();
      }
    } catch (error) {
      this.#env.logger.log("warn", "discovery-failed", { job: this.#deployment.job, error: String(error) });
    }
    if (this.#phase !== "running") return;
    this.#wakeup.wake();
    this.#planDiscovery();
  }

  #fail(error: unknown, operator: string | undefined): void {
    if (this.#calls.failed) return;
    this.#calls.failed = true;
    this.#emit({ kind: "failed", failure: describeFailure(error, this.#env.clock.now(), operator) });
    this.#wakeup.wake();
  }

  async #close(): Promise<void> {
    this.#discovery?.cancel();
    if (this.#deployed && !this.#calls.failed) this.#emit({ kind: "status", report: this.#status.report() });
    this.#phase = "closing";
    this.#status.stop();
    this.#checkpoint?.abandon();
    await this.#checkpoint?.closed();
    await this.#execution.close();
    this.#phase = "closed";
    this.#emit({ kind: "closed" });
  }
}

function isBlocked(gate: { readonly blocked: boolean }): boolean {
  return gate.blocked;
}
