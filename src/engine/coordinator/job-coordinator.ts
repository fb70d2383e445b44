// Carries out what decide-job.ts decides: the store, the host, one timer, and the people who wait. Store operations run one after the
// other; a new host starts only when the old one is gone and the store is at rest.
import { buggifyPause } from "../../env/fault-points.ts";
import { isPlanted } from "../../env/planted-faults.ts";
import type { Env } from "../../env/env.ts";
import type { Timer } from "../../env/clock.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import type { CheckpointManifest, HostSnapshot, RestorePoint } from "../checkpoint/checkpoint-manifest.ts";
import { MANIFEST_VERSION } from "../checkpoint/checkpoint-manifest.ts";
import type { Deployment, HostEvent, HostHandle, HostReport, StartHost } from "../host/host-messages.ts";
import { checkRestore, keepsState } from "./check-restore.ts";
import { decideJob, nextTimer } from "./decide-job.ts";
import { describeFailure, JobFailedError } from "./job-failure.ts";
import type { JobFailure } from "./job-failure.ts";
import type { JobAction, JobEvent, JobLife, JobLifeOptions } from "./job-life.ts";
import { NEW_JOB } from "./job-life.ts";
import { explainJob } from "./explain-job.ts";
import { explainKey, keysOfText } from "./explain-key.ts";
import { KeyQuestions } from "./key-questions.ts";
import type { CompletedCheckpoint, Finding, Job, JobResult, JobState, JobStatus } from "./job-status.ts";
import { resolveSinks } from "./resolve-sinks.ts";
import { isEnded, type SinksEnded } from "./sinks-ended.ts";
import { SavepointDesk } from "./savepoint-desk.ts";

export type RestoreFrom = { readonly kind: "latest" } | { readonly kind: "none" } | { readonly kind: "path"; readonly path: string };

export interface CoordinatorOptions extends JobLifeOptions {
  readonly deployment: Omit<Deployment, "restore" | "drain">;
  readonly drain: boolean;
  readonly keep: number;
  readonly restoreFrom: RestoreFrom;
}

/** How long a host may take to close before a new one starts beside it. */
const CLOSE_LIMIT_MS = 5000;

export class JobCoordinator implements Job {
  readonly name: string;
  readonly finished: Promise<JobResult>;
  readonly #env: Env;
  readonly #graph: StreamGraph;
  readonly #store: CheckpointStore | undefined;
  readonly #startHost: StartHost;
  readonly #options: CoordinatorOptions;
  readonly #settled = Promise.withResolvers<JobResult>();
  readonly #listeners = new Set<(status: JobStatus) => void>();
  readonly #desk: SavepointDesk;
  readonly #startedAt: number;
  readonly #questions: KeyQuestions;
  #life: JobLife = NEW_JOB;
  #host: HostHandle | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #dying: Promise<void> = Promise.resolve();
  /** Restores read only what this run wrote, once it has written something. */
  #firstOwnId = 0;
  #initial: RestorePoint | undefined;
  #snapshot: HostSnapshot | undefined;
  #report: HostReport | undefined;
  #reportedAt: number | undefined;
  #last: CompletedCheckpoint | undefined;
  #lastCheckpointFailure: string | undefined;
  #ended: SinksEnded | undefined;
  #ending: Promise<void> | undefined;

  constructor(env: Env, graph: StreamGraph, store: CheckpointStore | undefined, startHost: StartHost, options: CoordinatorOptions) {
    this.name = graph.name;
    this.#env = env;
    this.#graph = graph;
    this.#store = store;
    this.#startHost = startHost;
    this.#options = options;
    this.#startedAt = env.clock.now();
    this.#questions = new KeyQuestions(env.timers);
    this.#desk = new SavepointDesk(store);
    this.finished = this.#settled.promise;
    this.finished.catch(() => {});
  }

  /** Opens the store, finds what to restore, checks that it fits, and deploys. Rejects before anything runs. */
  async start(): Promise<void> {
    let lastId = 0;
    if (this.#store !== undefined) {
      lastId = await this.#store.open();
      try {
        this.#initial = await this.#findInitial(this.#store);
        if (this.#initial !== undefined) checkRestore(this.#initial, this.#graph, this.#options.deployment.maxParallelism);
      } catch (error) {
        await this.#store.close();
        throw error;
      }
    }
    this.#firstOwnId = lastId + 1;
    this.#event({ kind: "start", lastId, drain: this.#options.drain });
  }

  // ---------- Job ----------

  explain(options: { readonly stream?: string } = {}): readonly Finding[] {
    return explainJob(this.status(), options.stream);
  }

  async explainKey(key: string, options: { readonly stream?: string } = {}): Promise<readonly Finding[]> {
    const keys = keysOfText(key);
    const reports = await this.#questions.ask(this.#host, keys);
    return explainKey(this.status(), keys, reports, options.stream);
  }

  status(): JobStatus {
    const life = this.#life;
    const { graphHash, parallelism } = this.#options.deployment;
    return {
      name: this.name,
      state: stateOf(life),
      graphHash,
      parallelism,
      startedAt: this.#startedAt,
      restarts: life.restarts,
      ...(life.lastFailure === undefined ? {} : { lastFailure: life.lastFailure }),
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      operators: this.#report?.operators ?? [],
      splits: this.#report?.splits ?? [],
      ...(this.#reportedAt === undefined ? {} : { reportedAt: this.#reportedAt }),
      checkpoints: {
        completed: life.completed,
        failed: life.failed,
        ...(life.checkpoint === undefined ? {} : { inProgress: life.checkpoint.id }),
        ...(this.#last === undefined ? {} : { last: this.#last }),
        ...(this.#lastCheckpointFailure === undefined ? {} : { lastFailure: this.#lastCheckpointFailure }),
        ...(this.#initial === undefined ? {} : { restoredFrom: this.#initial.path }),
      },
    };
  }

  savepoint(options: { readonly path?: string } = {}): Promise<string> {
    const savepoint = this.#desk.want(options.path);
    this.#event({ kind: "checkpoint-wanted" });
    return savepoint;
  }

  stop(options: { readonly savepoint?: boolean | string; readonly drain?: boolean } = {}): Promise<JobResult> {
    if (options.savepoint !== undefined && options.savepoint !== false)
      this.#desk.wantFinal(options.savepoint === true ? undefined : options.savepoint);
    this.#event({ kind: options.drain === true ? "drain" : "stop" });
    return this.finished;
  }

  async cancel(): Promise<void> {
    this.#event({ kind: "cancel" });
    await this.finished.catch(() => {});
    if (this.#life.phase !== "failed" || isEnded(this.#ended)) return;
    await (this.#ending ??= this.#endPrepared().finally(() => (this.#ending = undefined)));
  }

  onStatus(callback: (status: JobStatus) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  // ---------- events and actions ----------

  #event(event: JobEvent): void {
    const [life, actions] = decideJob(this.#life, event, this.#env.clock.monotonicMs(), this.#options);
    this.#life = life;
    for (const action of actions) this.#act(action);
    this.#armTimer();
    this.#changed();
  }

  #armTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const at = nextTimer(this.#life, this.#options);
    if (at === Infinity) return;
    const delay = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(at - this.#env.clock.monotonicMs())));
    this.#timer = this.#env.timers.after(delay, () => this.#event({ kind: "timer" }));
  }

  #act(action: JobAction): void {
    switch (action.do) {
      case "deploy":
        return this.#later(() => this.#deploy(action.attempt, action.drain));
      case "trigger":
        this.#desk.triggered(action.id);
        return this.#later(() => this.#trigger(action.id, action.final));
      case "abort":
        this.#lastCheckpointFailure = action.reason;
        this.#desk.failed(action.id, action.reason);
        this.#host?.send({ kind: "abort", id: action.id });
        return;
      case "write-manifest":
        return this.#later(() => this.#writeManifest(action.id));
      case "complete":
        this.#host?.send({ kind: "complete", id: action.id });
        return;
      case "drain":
        this.#host?.send({ kind: "drain" });
        return;
      case "close-host":
        this.#host?.send({ kind: "close" });
        return;
      case "kill-host":
        return this.#killHost();
      case "settle":
        return this.#later(() => this.#settle(action.state, action.failure));
    }
  }

  /** In order, one at a time; an error that nobody expected ends the job. */
  #later(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#event({
        kind: "host-failed",
        attempt: this.#life.attempt,
        failure: describeFailure(error, this.#env.clock.now()),
        jitter: this.#env.random.float(),
      });
    });
  }

  async #deploy(attempt: number, drain: boolean): Promise<void> {
    await this.#dying;
    const restore = (await this.#store?.latest(this.#firstOwnId)) ?? this.#initial;
    // Cancelled meanwhile: a host that starts now would never be stopped.
    if (this.#life.attempt !== attempt || this.#life.phase !== "deploying") return;
    const deployment: Deployment = { ...this.#options.deployment, restore, drain };
    this.#log("info", "job-deploying", { attempt, restore: restore?.manifest.id ?? null });
    this.#host = this.#startHost(deployment, (event) => this.#hostEvent(attempt, event));
  }

  #hostEvent(attempt: number, event: HostEvent): void {
    if (attempt !== this.#life.attempt) return;
    switch (event.kind) {
      case "acknowledged":
        this.#snapshot = event.snapshot;
        return this.#event({ kind: "acknowledged", attempt, id: event.id });
      case "declined":
        return this.#event({ kind: "declined", attempt, id: event.id, reason: event.reason });
      case "committed":
        return this.#event({ kind: "committed", attempt, id: event.id });
      case "failed": {
        const { failure } = event;
        this.#log("error", "job-failed-over", {
          operator: failure.operator ?? null,
          ...(failure.key === undefined ? {} : { key: failure.key }),
          ...(failure.split === undefined ? {} : { record: `${failure.split}@${failure.offset ?? "?"}` }),
          error: `${failure.name}: ${failure.message}`,
          ...(failure.place === undefined ? {} : { at: failure.place }),
        });
        return this.#event({ kind: "host-failed", attempt, failure, jitter: this.#env.random.float() });
      }
      case "status":
        this.#report = event.report;
        this.#reportedAt = this.#env.clock.now();
        return this.#changed();
      case "key-found":
        return this.#questions.answered(event.question, event.reports);
      case "running":
      case "ended":
        return this.#event({ kind: event.kind, attempt });
      case "closed":
        return this.#event({ kind: "host-closed", attempt });
    }
  }

  #killHost(): void {
    const host = this.#host;
    this.#host = undefined;
    if (host === undefined) return;
    const limit = Promise.withResolvers<void>();
    const timer = this.#env.timers.after(CLOSE_LIMIT_MS, limit.resolve);
    const gone = Promise.race([
      host.kill().catch((error: unknown) => this.#log("warn", "host-kill-failed", { error: String(error) })),
      limit.promise,
    ]);
    this.#dying = gone.then(() => timer.cancel());
  }

  // ---------- checkpoints ----------

  async #findInitial(store: CheckpointStore): Promise<RestorePoint | undefined> {
    const from = this.#options.restoreFrom;
    if (from.kind === "path") return await store.load(from.path);
    return from.kind === "latest" ? await store.latest() : undefined;
  }

  async #trigger(id: number, final: boolean): Promise<void> {
    if (this.#life.checkpoint?.id !== id) return;
    try {
      await this.#store?.begin(id);
    } catch (error) {
      return this.#event({ kind: "declined", attempt: this.#life.attempt, id, reason: messageOf(error) });
    }
    if (this.#life.checkpoint?.id === id) this.#host?.send({ kind: "trigger", id, suspend: final });
  }

  async #writeManifest(id: number): Promise<void> {
    const snapshot = this.#snapshot;
    const under = this.#life.checkpoint;
    if (snapshot === undefined || under?.id !== id) return;
    if (this.#store === undefined) return this.#event({ kind: "manifest-written", id });
    const at = this.#env.clock.now();
    const manifest: CheckpointManifest = { ...snapshot, ...this.#describe(id, at) };
    try {
      if (isPlanted("commit-before-manifest")) this.#event({ kind: "manifest-written", id });
      const sizeBytes = await this.#store.complete(manifest);
      const pause = buggifyPause("checkpoint-told-late");
      if (pause !== undefined) await pause;
      const stateBytes = snapshot.stateFiles.reduce((sum, file) => sum + file.sizeBytes, 0);
      this.#last = { id, at, durationMs: Math.round(this.#env.clock.monotonicMs() - under.startedAt), sizeBytes, stateBytes };
    } catch (error) {
      if ((error as { code?: unknown }).code === "CHECKPOINT_UNCERTAIN") throw error;
      return this.#event({ kind: "manifest-failed", id, reason: messageOf(error) });
    }
    this.#event({ kind: "manifest-written", id });
    await this.#desk.completed(id, under.final);
    await this.#store
      .retain(this.#options.keep)
      .catch((error: unknown) => this.#log("warn", "checkpoints-not-removed", { error: messageOf(error) }));
  }

  #describe(id: number, timestamp: number): Omit<CheckpointManifest, keyof HostSnapshot> {
    const { graphHash, maxParallelism, parallelism } = this.#options.deployment;
    const operators = this.#graph.nodes.map((node) => ({
      name: node.name,
      parallelism: node.parallelism ?? parallelism,
      stateful: keepsState(node),
    }));
    return { version: MANIFEST_VERSION, id, kind: "checkpoint", job: this.name, graphHash, maxParallelism, timestamp, operators };
  }

  async #settle(state: "finished" | "failed" | "canceled", failure: JobFailure | undefined): Promise<void> {
    await this.#dying;
    this.#host = undefined;
    this.#desk.close();
    // Without checkpoints nothing of a failed job comes back, and only now is it certain that nobody else runs it.
    if (state === "canceled" || (state === "failed" && this.#store === undefined)) await this.#resolveSinks();
    await this.#closeStore();
    this.#log(state === "failed" ? "error" : "info", `job-${state}`, {});
    this.#changed();
    if (state === "failed") {
      this.#settled.reject(
        new JobFailedError(
          this.name,
          failure ?? describeFailure(new Error("The job was stopped while it was failing."), this.#env.clock.now()),
        ),
      );
      return;
    }
    this.#settled.resolve({
      state,
      ...(this.#last === undefined ? {} : { checkpoint: this.#last.id }),
      ...(this.#desk.finalPath === undefined ? {} : { savepoint: this.#desk.finalPath }),
      status: this.status(),
    });
  }

  async #resolveSinks(): Promise<void> {
    // One that never wrote anything has nothing to resolve.
    if (this.#life.attempt === 0) return;
    const at = this.#env.clock.now();
    try {
      const restore = (await this.#store?.latest(this.#firstOwnId)) ?? this.#initial;
      const { settings } = this.#options.deployment;
      const sinks = await resolveSinks(this.#env, this.#graph, { job: this.name, settings, restore });
      this.#ended = { at, ...(restore === undefined ? {} : { checkpoint: restore.manifest.id }), sinks };
    } catch (error) {
      this.#ended = { at, sinks: [], refused: messageOf(error) };
      this.#log("warn", "sinks-not-resolved", { error: messageOf(error) });
    }
  }

  /** Of a failed job, whose store is closed: its lock says that nobody else runs the job. Without a store its failure has ended everything. */
  async #endPrepared(): Promise<void> {
    if (this.#store === undefined) return;
    try {
      await this.#store.open();
    } catch (error) {
      this.#ended = { at: this.#env.clock.now(), sinks: [], refused: messageOf(error) };
      return this.#changed();
    }
    await this.#resolveSinks();
    await this.#closeStore();
    this.#changed();
  }

  async #closeStore(): Promise<void> {
    await this.#store?.close().catch((error: unknown) => this.#log("warn", "checkpoint-store-not-closed", { error: messageOf(error) }));
  }

  #changed(): void {
    if (this.#listeners.size === 0) return;
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }

  #log(level: "info" | "warn" | "error", event: string, fields: Record<string, unknown>): void {
    this.#env.logger.log(level, event, { job: this.name, ...fields });
  }
}

const MAX_TIMER_MS = 86_400_000;

function stateOf(life: JobLife): JobState {
  if (life.phase === "closing") return "stopping";
  if (life.phase === "running" && life.goal === "stop") return "stopping";
  return life.phase;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
