// The life of a job, decided: every row of these tables is an event and what must follow from it. No clock, no I/O.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decideJob, nextTimer } from "./decide-job.ts";
import type { JobFailure } from "./job-failure.ts";
import type { JobAction, JobEvent, JobLife, JobLifeOptions } from "./job-life.ts";
import { NEW_JOB } from "./job-life.ts";

const OPTIONS: JobLifeOptions = {
  everyMs: 1000,
  minPauseMs: 0,
  timeoutMs: 5000,
  toleratedFailures: 2,
  restart: { kind: "fixed-delay", attempts: 2, delayMs: 100 },
};

const FAILURE: JobFailure = {
  at: 0,
  name: "Error",
  message: "boom",
  code: undefined,
  stack: undefined,
  operator: "map",
  key: undefined,
  split: undefined,
  offset: undefined,
  fatal: false,
};

class Story {
  life: JobLife = NEW_JOB;
  now = 0;
  readonly options: JobLifeOptions;

  constructor(options: Partial<JobLifeOptions> = {}) {
    this.options = { ...OPTIONS, ...options };
  }

  /** What is done, as short words. */
  at(now: number, event: JobEvent): string[] {
    this.now = now;
    const [life, actions] = decideJob(this.life, event, now, this.options);
    this.life = life;
    return actions.map(word);
  }

  running(now = 0): this {
    this.at(now, { kind: "start", lastId: 0, drain: false });
    this.at(now, { kind: "running", attempt: 1 });
    return this;
  }

  completed(id: number, now: number): string[] {
    this.at(now, { kind: "acknowledged", attempt: this.life.attempt, id });
    return this.at(now, { kind: "manifest-written", id });
  }
}

function word(action: JobAction): string {
  switch (action.do) {
    case "deploy":
      return `deploy ${action.attempt}${action.drain ? " drain" : ""}`;
    case "trigger":
      return `trigger ${action.id}${action.final ? " final" : ""}`;
    case "settle":
      return action.state;
    default:
      return "id" in action ? `${action.do} ${action.id}` : action.do;
  }
}

test("checkpoints follow each other at the interval, one at a time, and are committed only when durable", () => {
  const job = new Story().running();
  assert.equal(nextTimer(job.life, job.options), 1000);
  assert.deepEqual(job.at(1000, { kind: "timer" }), ["trigger 1"]);
  assert.deepEqual(job.at(2000, { kind: "timer" }), [], "no second one while the first is under way");
  assert.deepEqual(job.at(2100, { kind: "acknowledged", attempt: 1, id: 1 }), ["write-manifest 1"]);
  assert.deepEqual(job.at(2200, { kind: "manifest-written", id: 1 }), ["complete 1", "trigger 2"], "the next was due at 2000");
  assert.deepEqual(job.completed(2, 2300), ["complete 2"]);
  assert.equal(nextTimer(job.life, job.options), 3200);
});

test("the min pause counts from the end of a checkpoint", () => {
  const job = new Story({ minPauseMs: 500 }).running();
  job.at(1000, { kind: "timer" });
  assert.deepEqual(job.completed(1, 2400), ["complete 1"]);
  assert.equal(nextTimer(job.life, job.options), 2900);
});

test("ids go on from the highest ever used", () => {
  const job = new Story();
  job.at(0, { kind: "start", lastId: 41, drain: false });
  job.at(0, { kind: "running", attempt: 1 });
  assert.deepEqual(job.at(1000, { kind: "timer" }), ["trigger 42"]);
});

test("a declined checkpoint is tried again and tolerated, until too many in a row fail the job over", () => {
  const job = new Story().running();
  job.at(1000, { kind: "timer" });
  assert.deepEqual(job.at(1100, { kind: "declined", attempt: 1, id: 1, reason: "ENOSPC" }), ["abort 1"]);
  assert.deepEqual(job.at(2100, { kind: "timer" }), ["trigger 2"]);
  assert.deepEqual(job.at(2200, { kind: "manifest-failed", id: 2, reason: "ENOSPC" }), ["abort 2"]);
  job.at(3200, { kind: "timer" });
  assert.deepEqual(job.at(3300, { kind: "declined", attempt: 1, id: 3, reason: "ENOSPC" }), ["abort 3", "kill-host"]);
  assert.equal(job.life.phase, "restarting");
  assert.match(job.life.lastFailure!.message, /ENOSPC/);
});

test("a completed checkpoint forgives the failures before it", () => {
  const job = new Story({ toleratedFailures: 1 }).running();
  job.at(1000, { kind: "timer" });
  job.at(1100, { kind: "declined", attempt: 1, id: 1, reason: "x" });
  job.at(2100, { kind: "timer" });
  job.completed(2, 2200);
  job.at(3100, { kind: "timer" });
  assert.deepEqual(job.at(3200, { kind: "declined", attempt: 1, id: 3, reason: "x" }), ["abort 3"]);
});

test("a checkpoint that takes too long expires; its late answer changes nothing", () => {
  const job = new Story().running();
  job.at(1000, { kind: "timer" });
  assert.equal(nextTimer(job.life, job.options), 6000);
  assert.deepEqual(job.at(6000, { kind: "timer" }), ["abort 1"]);
  assert.deepEqual(job.at(6100, { kind: "acknowledged", attempt: 1, id: 1 }), []);
  assert.deepEqual(job.at(7000, { kind: "timer" }), ["trigger 2"]);
});

test("a failed job is restarted after its delay, as often as the strategy allows; then it has failed", () => {
  const job = new Story().running();
  const fail = (now: number) => job.at(now, { kind: "host-failed", attempt: job.life.attempt, failure: FAILURE, jitter: 0.5 });
  assert.deepEqual(fail(10), ["kill-host"]);
  assert.equal(nextTimer(job.life, job.options), 110);
  assert.deepEqual(job.at(110, { kind: "timer" }), ["deploy 2"]);
  assert.deepEqual(job.at(111, { kind: "running", attempt: 1 }), [], "words of a dead attempt are not heard");
  job.at(120, { kind: "running", attempt: 2 });
  fail(130);
  job.at(230, { kind: "timer" });
  job.at(240, { kind: "running", attempt: 3 });
  assert.deepEqual(fail(250), ["kill-host", "failed"]);
});

test("a refused restore is not tried again", () => {
  const job = new Story().running();
  const failure = { ...FAILURE, fatal: true };
  assert.deepEqual(job.at(10, { kind: "host-failed", attempt: 1, failure, jitter: 0 }), ["kill-host", "failed"]);
});

test("stop takes a final checkpoint, awaits its commit, closes, and has finished", () => {
  const job = new Story().running();
  assert.deepEqual(job.at(300, { kind: "stop" }), ["trigger 1 final"]);
  assert.deepEqual(job.completed(1, 320), ["complete 1"]);
  assert.equal(nextTimer(job.life, job.options), Infinity, "nothing is planned after the final checkpoint");
  assert.deepEqual(job.at(330, { kind: "committed", attempt: 1, id: 1 }), ["close-host"]);
  assert.deepEqual(job.at(340, { kind: "host-closed", attempt: 1 }), ["finished"]);
});

test("stop during a checkpoint waits for it and takes one more, the final one", () => {
  const job = new Story().running();
  job.at(1000, { kind: "timer" });
  assert.deepEqual(job.at(1010, { kind: "stop" }), []);
  assert.deepEqual(job.completed(1, 1020), ["complete 1", "trigger 2 final"]);
});

test("a stop that cannot write its final checkpoint gives up after three", () => {
  const job = new Story({ toleratedFailures: Infinity }).running();
  job.at(300, { kind: "stop" });
  job.at(310, { kind: "declined", attempt: 1, id: 1, reason: "ENOSPC" });
  assert.deepEqual(job.at(1310, { kind: "timer" }), ["trigger 2 final"]);
  job.at(1320, { kind: "declined", attempt: 1, id: 2, reason: "ENOSPC" });
  job.at(2320, { kind: "timer" });
  assert.deepEqual(job.at(2330, { kind: "declined", attempt: 1, id: 3, reason: "ENOSPC" }), ["abort 3", "kill-host", "failed"]);
});

test("a job that is stopped while it fails does not start again", () => {
  const job = new Story().running();
  job.at(10, { kind: "host-failed", attempt: 1, failure: FAILURE, jitter: 0.5 });
  assert.deepEqual(job.at(20, { kind: "stop" }), ["failed"]);
});

test("when all input has ended a final checkpoint follows, also behind one under way", () => {
  const job = new Story().running();
  job.at(1000, { kind: "timer" });
  assert.deepEqual(job.at(1010, { kind: "ended", attempt: 1 }), []);
  assert.deepEqual(job.completed(1, 1020), ["complete 1", "trigger 2 final"]);
  job.completed(2, 1030);
  assert.deepEqual(job.at(1040, { kind: "committed", attempt: 1, id: 2 }), ["close-host"]);
});

test("drain asked for while deploying reaches the host when it runs, and again after a restart", () => {
  const job = new Story();
  job.at(0, { kind: "start", lastId: 0, drain: false });
  assert.deepEqual(job.at(1, { kind: "drain" }), []);
  assert.deepEqual(job.at(2, { kind: "running", attempt: 1 }), ["drain"]);
  job.at(3, { kind: "host-failed", attempt: 1, failure: FAILURE, jitter: 0.5 });
  assert.deepEqual(job.at(103, { kind: "timer" }), ["deploy 2 drain"]);
});

test("a failure between the final checkpoint and its commit starts the job again to finish the commit", () => {
  const job = new Story().running();
  job.at(500, { kind: "ended", attempt: 1 });
  job.completed(1, 510);
  assert.deepEqual(job.at(520, { kind: "host-failed", attempt: 1, failure: FAILURE, jitter: 0.5 }), ["kill-host"]);
  assert.deepEqual(job.at(620, { kind: "timer" }), ["deploy 2"]);
});

test("cancel ends at once, whatever the job is doing", () => {
  const job = new Story().running();
  job.at(1000, { kind: "timer" });
  assert.deepEqual(job.at(1010, { kind: "cancel" }), ["kill-host", "canceled"]);
  assert.deepEqual(job.at(1020, { kind: "acknowledged", attempt: 1, id: 1 }), []);
  assert.equal(nextTimer(job.life, job.options), Infinity);
});

test("a wanted checkpoint begins at once, or right after the one under way", () => {
  const job = new Story().running();
  assert.deepEqual(job.at(10, { kind: "checkpoint-wanted" }), ["trigger 1"]);
  assert.deepEqual(job.at(20, { kind: "checkpoint-wanted" }), []);
  assert.deepEqual(job.completed(1, 30), ["complete 1", "trigger 2"]);
});
