// How one operation on a simulated disk runs: an event later, unless its process has died; asks for a verdict; takes effect; settles.
import { fileError } from "../../env-node/file-error.ts";
import type { Operation, OperationKind, Range, SimFiles, Verdict } from "./sim-files.ts";
import type { SimProcess } from "./sim-process.ts";

export interface Effect<T> {
  readonly kind: OperationKind;
  readonly path: string;
  /** Latency. */
  readonly range: Range;
  /** Takes effect; throws what the program is to see. */
  run(index: number): T;
  /** Does a part of it, before a crash or an error. */
  runPartly?(index: number): void;
  /** If there is one: the operation begins with this and runs after a second delay. */
  begin?(index: number): void;
}

export function operate<T>(disk: SimFiles, process: SimProcess, effect: Effect<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempt = (step: () => void): void => {
      if (process.state === "terminated") return; // nobody waits any more
      if (!process.running) return reject(process.crashError(`${effect.kind} ${effect.path}`));
      step();
    };
    const label = `${effect.kind} ${effect.path}`;
    disk.scheduler.after(disk.delay(effect.range), label, () =>
      attempt(() => {
        const operation: Operation = { index: disk.operations++, kind: effect.kind, path: effect.path };
        const verdict = disk.onOperation?.(operation) ?? "ok";
        const finish = (): void => attempt(() => settle(disk, process, effect, operation.index, verdict, resolve, reject));
        if (verdict === "crash-before" || effect.begin === undefined) return finish();
        effect.begin(operation.index);
        disk.scheduler.after(disk.delay(effect.range), `${label} done`, finish);
      }),
    );
  });
}

function settle<T>(
  disk: SimFiles,
  process: SimProcess,
  effect: Effect<T>,
  index: number,
  verdict: Verdict,
  resolve: (value: T) => void,
  reject: (error: Error) => void,
): void {
  try {
    if (verdict === "lie" && effect.begin !== undefined) return resolve(undefined as T); // both syncs promise nothing but their end
    if (verdict === "ok" || verdict === "lie") return resolve(effect.run(index));
    if (typeof verdict === "object") {
      if (verdict.effect !== "none") effect.runPartly?.(index);
      return reject(fileError(verdict.error, effect.kind, effect.path, "injected fault"));
    }
    if (verdict === "crash-torn" && effect.runPartly !== undefined) effect.runPartly(index);
    else if (verdict !== "crash-before" && !(verdict === "kill" && effect.begin !== undefined)) effect.run(index);
  } catch (error) {
    if (typeof verdict === "object" || verdict === "ok" || verdict === "lie") return reject(error as Error);
  }
  if (verdict === "kill") disk.killProcesses();
  else disk.crash();
  reject(process.crashError(`${effect.kind} ${effect.path}`));
}
