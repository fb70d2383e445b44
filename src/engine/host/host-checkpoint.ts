// One checkpoint inside a host. The barrier runs through the whole graph between two polls, so nothing is in flight; afterwards rows flow
// again while the cursors are encoded piece by piece and the sinks make their part durable. One state file per host and checkpoint.
import type { Clock } from "../../env/clock.ts";
import { buggify, buggifyPause } from "../../env/fault-points.ts";
import type { Json } from "../../stream/connector.ts";
import { toBase64 } from "../../bytes/base64.ts";
import type { HostSnapshot, StateFileRef } from "../checkpoint/checkpoint-manifest.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import type { StateFileWriter } from "../checkpoint/state-file.ts";
import type { SnapshotCursor } from "../subtask/subtask.ts";
import type { SinkGate } from "./sink-gate.ts";

export type Positions = Record<string, Record<string, Json>>;

export class HostCheckpoint {
  readonly id: number;
  readonly positions: Positions;
  readonly #cursors: SnapshotCursor[] = [];
  readonly #gates: readonly SinkGate[];
  /** Undefined: the job keeps no state anywhere; the checkpoint only makes its output visible. */
  readonly #file: StateFileWriter | undefined;
  #state: "encoding" | "waiting" | "finishing" | "done" = "encoding";
  readonly #done = Promise.withResolvers<HostSnapshot>();

  constructor(id: number, positions: Positions, gates: readonly SinkGate[], store: CheckpointStore | undefined) {
    this.id = id;
    this.positions = positions;
    this.#gates = gates;
    this.#file = store?.stateWriter(id, "state-0");
    this.#done.promise.catch(() => {});
  }

  /** What this host contributes, once all of it is durable. Rejects when it could not be written. */
  get snapshot(): Promise<HostSnapshot> {
    return this.#done.promise;
  }

  add(cursor: SnapshotCursor): void {
    this.#cursors.push(cursor);
  }

  get cursors(): number {
    return this.#cursors.length;
  }

  /** There is state to encode and the disk keeps up. */
  get hungry(): boolean {
    return this.#state === "encoding";
  }

  /** Encodes for about `budgetMs`. An error of an operator (not of the disk) is thrown: the job has failed. */
  step(budgetMs: number, clock: Clock, wake: () => void): void {
    const until = clock.monotonicMs() + budgetMs;
    const file = this.#file;
    while (this.#state === "encoding") {
      if (file === undefined) this.#cursors.length = 0;
      const cursor = this.#cursors[0];
      if (cursor === undefined) return this.#finish();
      const chunk = cursor.next();
      if (chunk === undefined) this.#cursors.shift();
      else {
        try {
          file!.append(chunk);
        } catch (error) {
          return this.#give(error);
        }
        if (file!.full) return this.#waitFor(file!.written(), wake);
      }
      const pause = buggifyPause("snapshot-late");
      if (pause !== undefined) return this.#waitFor(pause, wake);
      if (clock.monotonicMs() >= until || buggify("snapshot-in-pieces")) return;
    }
  }

  /** Nobody waits for it any more. What the sinks prepared stays pending and goes into the next checkpoint. */
  abandon(): void {
    this.#give(new Error(`Checkpoint ${this.id} was aborted.`));
  }

  /** Its file is closed: nothing of an abandoned checkpoint is written any more. */
  async closed(): Promise<void> {
    await this.#file?.close();
  }

  #waitFor(what: Promise<void>, wake: () => void): void {
    this.#state = "waiting";
    what.then(
      () => {
        if (this.#state !== "waiting") return;
        this.#state = "encoding";
        wake();
      },
      (error: unknown) => this.#give(error),
    );
  }

  #finish(): void {
    this.#state = "finishing";
    this.#durable().then(
      (snapshot) => {
        this.#state = "done";
        this.#done.resolve(snapshot);
      },
      (error: unknown) => this.#give(error),
    );
  }

  async #durable(): Promise<HostSnapshot> {
    const stateFiles: StateFileRef[] = [];
    const pause = buggifyPause("state-file-late");
    if (pause !== undefined) await pause;
    if (this.#file !== undefined && !this.#file.empty) stateFiles.push(await this.#file.finish());
    const committables: Record<string, string[]> = {};
    for (const gate of this.#gates) {
      const prepared = await gate.committables(this.id);
      if (prepared.length > 0) (committables[gate.operator] ??= []).push(...prepared.map(toBase64));
    }
    return { stateFiles, sources: this.positions, committables };
  }

  #give(error: unknown): void {
    if (this.#state === "done") return;
    this.#state = "done";
    this.#cursors.length = 0;
    void this.#file?.close();
    this.#done.reject(error);
  }
}
