// The jobs of a server by name. At most one job of a name is alive; a finished one stays visible until another takes its name.
import type { Job, JobStatus } from "../engine/coordinator/job-status.ts";
import { ServerError } from "./server-error.ts";

export interface JobEntry {
  readonly job: Job;
  /** Topics that it writes. */
  readonly sinkTopics: readonly string[];
}

export type ShownJob = JobStatus & { readonly sinkTopics: readonly string[] };

const ENDED: ReadonlySet<JobStatus["state"]> = new Set(["finished", "failed", "canceled"]);

export function hasEnded(job: Job): boolean {
  return ENDED.has(job.status().state);
}

export class Jobs {
  readonly #entries = new Map<string, JobEntry>();
  readonly #starting = new Set<string>();

  list(): readonly Job[] {
    return [...this.#entries.values()].map(({ job }) => job);
  }

  get(name: string): Job | undefined {
    return this.#entries.get(name)?.job;
  }

  shown(): readonly ShownJob[] {
    return [...this.#entries.values()].map(({ job, sinkTopics }) => ({ ...job.status(), sinkTopics }));
  }

  /** Rejects with JOB_EXISTS while a job of this name is alive or being started. */
  async add(name: string, sinkTopics: readonly string[], start: () => Promise<Job>): Promise<Job> {
    const present = this.#entries.get(name)?.job;
    if (this.#starting.has(name) || (present !== undefined && !hasEnded(present)))
      throw new ServerError("JOB_EXISTS", `A job named "${name}" is running already. Stop it first, or give the pipeline another name.`);
    this.#starting.add(name);
    try {
      const job = await start();
      this.#entries.set(name, { job, sinkTopics });
      return job;
    } finally {
      this.#starting.delete(name);
    }
  }

  /** Every job takes its final checkpoint and ends. A job that fails meanwhile is left to its `finished`. */
  async stopAll(): Promise<void> {
    await Promise.allSettled(
      this.list()
        .filter((job) => !hasEnded(job))
        .map((job) => job.stop()),
    );
  }
}
