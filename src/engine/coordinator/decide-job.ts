// Decides what a job does next: (life, event, now) -> [life, actions], no clock, no I/O, no randomness. At most one checkpoint is
// under way; a checkpoint counts only when its manifest is durable, and only then are the hosts told to commit.
import type { JobAction, JobEvent, JobLife, JobLifeOptions } from "./job-life.ts";
import type { JobFailure } from "./job-failure.ts";
import { decideRestart } from "./restart-strategy.ts";

export type JobDecision = readonly [JobLife, readonly JobAction[]];

const TERMINAL: ReadonlySet<string> = new Set(["finished", "failed", "canceled"]);

export function decideJob(life: JobLife, event: JobEvent, now: number, options: JobLifeOptions): JobDecision {
  if (TERMINAL.has(life.phase)) return [life, []];
  if ("attempt" in event && event.attempt !== life.attempt) return [life, []];
  switch (event.kind) {
    case "start":
      return deploy({ ...life, nextId: event.lastId + 1, goal: event.drain && life.goal === "run" ? "drain" : life.goal });
    case "running":
      return running(life, now, options);
    case "acknowledged":
      if (life.checkpoint?.id !== event.id || life.checkpoint.step !== "hosts") return [life, []];
      return [{ ...life, checkpoint: { ...life.checkpoint, step: "manifest" } }, [{ do: "write-manifest", id: event.id }]];
    case "declined":
      if (life.checkpoint?.id !== event.id) return [life, []];
      return checkpointFailed(life, event.reason, now, options);
    case "manifest-written":
      return manifestWritten(life, event.id, now, options);
    case "manifest-failed":
      if (life.checkpoint?.id !== event.id) return [life, []];
      return checkpointFailed(life, event.reason, now, options);
    case "committed":
      if (life.finalCommit !== event.id || life.phase !== "running") return [life, []];
      return close(life);
    case "ended":
      if (life.phase !== "running") return [{ ...life, ended: true }, []];
      return triggerIfDue({ ...life, ended: true, nextCheckpointAt: now }, now);
    case "host-failed":
      return hostFailed(life, event.failure, now, event.jitter, options);
    case "host-closed":
      return hostClosed(life);
    case "checkpoint-wanted":
      return triggerIfDue({ ...life, wanted: true, nextCheckpointAt: life.phase === "running" ? now : life.nextCheckpointAt }, now);
    case "stop":
      return stop(life, now);
    case "drain":
      return drain(life);
    case "cancel":
      return cancel(life);
    case "timer":
      return timer(life, now, options);
  }
}

/** When a "timer" event is due; Infinity: never. */
export function nextTimer(life: JobLife, options: JobLifeOptions): number {
  if (TERMINAL.has(life.phase)) return Infinity;
  let at = life.restartAt;
  if (life.checkpoint !== undefined) {
    if (life.checkpoint.step === "hosts") at = Math.min(at, life.checkpoint.startedAt + options.timeoutMs);
  } else if (life.phase === "running" && life.finalCommit === undefined) {
    at = Math.min(at, life.nextCheckpointAt);
  }
  return at;
}

function deploy(life: JobLife): JobDecision {
  const attempt = life.attempt + 1;
  const next: JobLife = {
    ...life,
    phase: "deploying",
    attempt,
    ended: false,
    checkpoint: undefined,
    finalCommit: undefined,
    restartAt: Infinity,
    nextCheckpointAt: Infinity,
  };
  return [next, [{ do: "deploy", attempt, drain: life.goal === "drain" }]];
}

function running(life: JobLife, now: number, options: JobLifeOptions): JobDecision {
  if (life.phase !== "deploying") return [life, []];
  const hurry = life.goal === "stop" || life.ended || life.wanted;
  const [next, actions] = triggerIfDue({ ...life, phase: "running", nextCheckpointAt: hurry ? now : now + options.everyMs }, now);
  // Asked for while deploying; asking twice does no harm.
  return [next, life.goal === "drain" ? [{ do: "drain" }, ...actions] : actions];
}

function triggerIfDue(life: JobLife, now: number): JobDecision {
  if (life.phase !== "running" || life.checkpoint !== undefined || life.finalCommit !== undefined || now < life.nextCheckpointAt)
    return [life, []];
  const id = life.nextId;
  const final = life.ended || life.goal === "stop";
  const next: JobLife = { ...life, nextId: id + 1, wanted: false, checkpoint: { id, final, startedAt: now, step: "hosts" } };
  return [next, [{ do: "trigger", id, final }]];
}

function manifestWritten(life: JobLife, id: number, now: number, options: JobLifeOptions): JobDecision {
  const under = life.checkpoint;
  if (under?.id !== id) return [{ ...life, completed: life.completed + 1 }, []];
  const planned = Math.max(under.startedAt + options.everyMs, now + options.minPauseMs);
  const next: JobLife = {
    ...life,
    checkpoint: undefined,
    completed: life.completed + 1,
    failedInARow: 0,
    finalCommit: under.final ? id : undefined,
    nextCheckpointAt: life.wanted || life.ended || life.goal === "stop" ? now : planned,
  };
  const [after, more] = triggerIfDue(next, now);
  return [after, [{ do: "complete", id }, ...more]];
}

function checkpointFailed(life: JobLife, reason: string, now: number, options: JobLifeOptions): JobDecision {
  const under = life.checkpoint!;
  const failedInARow = life.failedInARow + 1;
  const pause = Math.max(options.minPauseMs, Math.min(options.everyMs, MAX_RETRY_PAUSE_MS));
  const next: JobLife = { ...life, checkpoint: undefined, failed: life.failed + 1, failedInARow, nextCheckpointAt: now + pause };
  const abort: JobAction = { do: "abort", id: under.id, reason };
  const tolerated = life.goal === "stop" ? Math.min(options.toleratedFailures, MAX_FINAL_FAILURES - 1) : options.toleratedFailures;
  if (failedInARow <= tolerated) return [next, [abort]];
  const failure = checkpointFailure(under.id, failedInARow, reason, now);
  const [after, more] = hostFailed(next, failure, now, 0.5, options);
  return [after, [abort, ...more]];
}

/** A declined checkpoint is tried again after the interval, but never later than this. */
const MAX_RETRY_PAUSE_MS = 10_000;
/** A user who stops a job does not wait for ever for a disk that stays full: the last good checkpoint stands. */
const MAX_FINAL_FAILURES = 3;

function checkpointFailure(id: number, inARow: number, reason: string, now: number): JobFailure {
  const message = `Checkpoint ${id} failed, the ${inARow}. in a row: ${reason}`;
  return {
    at: now,
    name: "CheckpointError",
    message,
    code: "CHECKPOINT_FAILED",
    stack: undefined,
    operator: undefined,
    key: undefined,
    split: undefined,
    offset: undefined,
    fatal: false,
  };
}

function hostFailed(life: JobLife, failure: JobFailure, now: number, jitter: number, options: JobLifeOptions): JobDecision {
  const lost: JobLife = { ...life, lastFailure: failure, checkpoint: undefined, finalCommit: undefined, ended: false };
  const kill: JobAction = { do: "kill-host", attempt: life.attempt };
  // Somebody who stops a job does not want it started again: its last checkpoint stands, and the next start resolves what it prepared.
  const decision =
    failure.fatal || life.goal === "stop" ? ({ restart: false } as const) : decideRestart(options.restart, life.history, now, jitter);
  if (!decision.restart) return [{ ...lost, phase: "failed" }, [kill, { do: "settle", state: "failed", failure }]];
  return [
    { ...lost, phase: "restarting", restarts: life.restarts + 1, restartAt: now + decision.delayMs, history: decision.history },
    [kill],
  ];
}

function close(life: JobLife): JobDecision {
  return [{ ...life, phase: "closing" }, [{ do: "close-host", attempt: life.attempt }]];
}

function hostClosed(life: JobLife): JobDecision {
  if (life.phase !== "closing") return [life, []];
  return [{ ...life, phase: "finished" }, [{ do: "settle", state: "finished", failure: undefined }]];
}

function stop(life: JobLife, now: number): JobDecision {
  if (life.goal === "stop" || life.goal === "cancel") return [life, []];
  if (life.phase === "created") return [{ ...life, goal: "stop" }, []];
  if (life.phase === "restarting")
    return [{ ...life, goal: "stop", phase: "failed" }, [{ do: "settle", state: "failed", failure: life.lastFailure }]];
  return triggerIfDue({ ...life, goal: "stop", nextCheckpointAt: life.phase === "running" ? now : life.nextCheckpointAt }, now);
}

function drain(life: JobLife): JobDecision {
  if (life.goal !== "run") return [life, []];
  return [{ ...life, goal: "drain" }, life.phase === "running" ? [{ do: "drain" }] : []];
}

function cancel(life: JobLife): JobDecision {
  const kill: JobAction[] = life.attempt > 0 && life.phase !== "restarting" ? [{ do: "kill-host", attempt: life.attempt }] : [];
  return [
    { ...life, goal: "cancel", phase: "canceled", checkpoint: undefined },
    [...kill, { do: "settle", state: "canceled", failure: undefined }],
  ];
}

function timer(life: JobLife, now: number, options: JobLifeOptions): JobDecision {
  if (life.phase === "restarting" && now >= life.restartAt) return deploy(life);
  const under = life.checkpoint;
  if (under !== undefined && under.step === "hosts" && now >= under.startedAt + options.timeoutMs)
    return checkpointFailed(
      life,
      `it was not done within ${options.timeoutMs} ms (a slow sink, or user code that does not return)`,
      now,
      options,
    );
  return triggerIfDue(life, now);
}
