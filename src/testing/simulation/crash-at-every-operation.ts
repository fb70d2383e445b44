// The crash enumeration of DESIGN's reliability rules: a workload runs once without faults, then once per operation on the disk and way
// of failing there (before it, after it, in the middle of it), each with several outcomes of the same crash. After each crash a new
// process verifies what was acknowledged; before that, another one may crash while it recovers.
import type { Env } from "../../env/env.ts";
import { Prng } from "./prng.ts";
import { CHANGING_OPERATIONS } from "./sim-files.ts";
import type { Operation, Verdict } from "./sim-files.ts";
import { createSimulation } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";

export interface CrashWorkload<A> {
  readonly seed: number;
  /** Runs on a fresh disk; calls `ack` with whatever it has promised somebody to keep. Acks of a dead process do not count. */
  workload(env: Env, ack: (promise: A) => void): Promise<void>;
  /** Opens what is there, in a new process, and throws if an acknowledged promise is not kept. May run more than once. */
  verify(env: Env, acked: readonly A[]): Promise<void>;
  /** Before anything runs. Unless given: the directory /data is there, durably. */
  prepare?(simulation: Simulation): void;
  /** Different outcomes tried for each crash: 2 unless set. */
  readonly outcomes?: number;
  /** Whether the first recovery crashes too, at an operation the seed chooses: true unless set. */
  readonly crashRecovery?: boolean;
  /** Operations to crash at; all that change the disk unless set. */
  readonly select?: (operation: Operation) => boolean;
}

export interface CrashReport {
  /** Operations of the run without faults. */
  readonly operations: number;
  /** Crashes of the workload that were verified. */
  readonly crashes: number;
  /** Crashes during a recovery. */
  readonly recoveryCrashes: number;
}

type CrashVerdict = "crash-before" | "crash-after" | "crash-torn";

const TORN_KINDS = new Set(["write", "datasync", "syncDirectory"]);
interface Point {
  readonly operation: Operation;
  readonly verdict: CrashVerdict;
  readonly outcome: number;
}

/** Rejects with an error that names the point and the seed, with the failure as its cause. */
export async function crashAtEveryOperation<A>(options: CrashWorkload<A>): Promise<CrashReport> {
  const { operations, recoveryOperations } = await runWithoutFaults(options);
  const points = [...pointsOf(operations, options)];
  let recoveryCrashes = 0;
  for (const point of points) {
    try {
      if (await runWithCrash(options, point, recoveryOperations)) recoveryCrashes++;
    } catch (error) {
      const { index, kind, path } = point.operation;
      const where = `${point.verdict} at operation ${index} (${kind} ${path}), seed ${options.seed}, outcome ${point.outcome}`;
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return { operations: operations.length, crashes: points.length, recoveryCrashes };
}

function* pointsOf<A>(operations: readonly Operation[], options: CrashWorkload<A>): Iterable<Point> {
  const select = options.select ?? (({ kind }: Operation) => CHANGING_OPERATIONS.has(kind));
  for (const operation of operations.filter(select)) {
    const verdicts: readonly CrashVerdict[] = [
      "crash-before",
      "crash-after",
      ...(TORN_KINDS.has(operation.kind) ? (["crash-torn"] as const) : []),
    ];
    for (const verdict of verdicts) {
      for (let outcome = 0; outcome < (options.outcomes ?? 2); outcome++) yield { operation, verdict, outcome };
    }
  }
}

function prepared<A>(options: CrashWorkload<A>): Simulation {
  const simulation = createSimulation(options.seed);
  if (options.prepare === undefined) simulation.files.provideDirectory("/data");
  else options.prepare(simulation);
  return simulation;
}

/** All operations in order; also verifies after a power cut at the very end. */
async function runWithoutFaults<A>(options: CrashWorkload<A>): Promise<{ operations: readonly Operation[]; recoveryOperations: number }> {
  const simulation = prepared(options);
  const operations: Operation[] = [];
  simulation.files.onOperation = (operation) => {
    operations.push(operation);
    return "ok";
  };
  const acked: A[] = [];
  const env = simulation.env();
  await simulation.run(() => options.workload(env, (promise) => acked.push(promise)));
  simulation.crash();
  const before = simulation.files.operations;
  await verifyAfter(simulation, options, acked);
  return { operations, recoveryOperations: simulation.files.operations - before };
}

/** Returns whether the first recovery crashed as well. */
async function runWithCrash<A>(options: CrashWorkload<A>, point: Point, recoveryOperations: number): Promise<boolean> {
  const simulation = prepared(options);
  const { files } = simulation;
  files.crashSalt = point.outcome;
  const acked: A[] = [];
  const crashed = await runUntilCrash(
    simulation,
    (env) => options.workload(env, (promise) => files.isOn && acked.push(promise)),
    (operation) => verdictAt(operation, point),
  );
  if (!crashed) throw new Error("this operation did not happen again: the workload uses something that does not come from its Env");
  const recoveryCrashed = (options.crashRecovery ?? true) && (await crashRecovery(simulation, options, point, acked, recoveryOperations));
  await verifyAfter(simulation, options, acked);
  return recoveryCrashed;
}

function verdictAt(operation: Operation, point: Point): Verdict {
  if (operation.index !== point.operation.index) return "ok";
  if (operation.kind !== point.operation.kind || operation.path !== point.operation.path) {
    throw new Error(
      `operation ${operation.index} was ${operation.kind} ${operation.path}: the workload uses something that does not come from its Env`,
    );
  }
  return point.verdict;
}

async function crashRecovery<A>(
  simulation: Simulation,
  options: CrashWorkload<A>,
  point: Point,
  acked: readonly A[],
  recoveryOperations: number,
): Promise<boolean> {
  const random = new Prng(options.seed).fork(`recovery of ${point.operation.index} ${point.verdict} ${point.outcome}`);
  const last = simulation.files.operations + random.integer(0, recoveryOperations);
  const verdict = random.pick<CrashVerdict>(["crash-before", "crash-after", "crash-torn"]);
  simulation.restart();
  return runUntilCrash(
    simulation,
    (env) => options.verify(env, acked),
    (operation) => (operation.index === last ? verdict : "ok"),
  );
}

async function verifyAfter<A>(simulation: Simulation, options: CrashWorkload<A>, acked: readonly A[]): Promise<void> {
  // A recovery that came through before its crash is cut off as well: verification must not depend on a clean end.
  simulation.crash();
  simulation.restart();
  const env = simulation.env();
  await simulation.run(() => options.verify(env, acked));
}

/** Runs a program until it ends (false) or its machine crashes (true). */
async function runUntilCrash(
  simulation: Simulation,
  program: (env: Env) => Promise<void>,
  verdict: (operation: Operation) => Verdict,
): Promise<boolean> {
  const { files } = simulation;
  const crash = new Promise<void>((resolve) => (files.onCrash = resolve));
  files.onOperation = verdict;
  const env = simulation.env();
  await simulation.run(() => {
    const ended = program(env).catch((error: unknown) => {
      if (files.isOn) throw error;
    });
    return Promise.race([ended, crash]);
  });
  return !files.isOn;
}
