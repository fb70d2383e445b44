// A job of `millrace dev` whose module may change while it runs. A change is tried first: a module that does not load, or declares no
// valid pipeline, leaves the running job alone. Otherwise the job takes a final checkpoint and the new version goes on from it.
import { pathToFileURL } from "node:url";
import type { Job } from "../engine/coordinator/job-status.ts";
import { loadPipelineGraph } from "../engine/host/load-pipeline.ts";
import { takeImportsForModules } from "../env-node/module-syntax.ts";
import type { RunOptions, Server } from "../server/server.ts";
import { explainError } from "./explain-error.ts";
import { explainModuleError, shortPath } from "./module-error.ts";
import type { Terminal } from "./terminal.ts";
import { UserModules, withGeneration } from "./user-modules.ts";
import { FileWatch } from "./watch-files.ts";

/** User code that does not return cannot take a final checkpoint. */
const STOP_PATIENCE_MS = 10_000;

export class LiveJob {
  readonly path: string;
  readonly #terminal: Terminal;
  readonly #modules = new UserModules();
  readonly #watch: FileWatch;
  readonly #url: string;
  #server: Server | undefined;
  #options: RunOptions = {};
  #job: Job | undefined;
  #name = "";
  #generation = 0;
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #failure: unknown;

  constructor(path: string, terminal: Terminal) {
    this.path = path;
    this.#terminal = terminal;
    this.#url = pathToFileURL(path).href;
    this.#watch = new FileWatch((changed) => void (this.#work = this.#work.then(() => this.#reload(changed))));
  }

  get name(): string {
    return this.#name;
  }

  /** What went wrong after close(), while the job took its final checkpoint; undefined: nothing. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Loads the module. Throws a CliError with file and line. */
  async load(): Promise<void> {
    this.#modules.track(this.#url);
    this.#name = (await this.#load(this.#url)).name;
  }

  async start(server: Server, options: RunOptions): Promise<void> {
    this.#server = server;
    this.#options = options;
    await this.#run(this.#url);
    this.#watch.add(this.#modules.files());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    await this.#work;
    this.#modules.close();
  }

  async #load(url: string): Promise<{ readonly name: string }> {
    try {
      takeImportsForModules();
      return await loadPipelineGraph(url);
    } catch (error) {
      throw explainModuleError(error, this.path);
    }
  }

  async #run(url: string): Promise<void> {
    const job = await this.#server!.run(new URL(url), this.#options);
    this.#job = job;
    job.finished.catch((error: unknown) => {
      if (this.#closed) this.#failure = error;
      else if (this.#job === job)
        this.#terminal.note(
          `${explainError(error).message} The server goes on; the job starts again when ${shortPath(this.path)} changes.`,
        );
    });
  }

  async #reload(changed: string): Promise<void> {
    if (this.#closed) return;
    const url = withGeneration(this.#url, ++this.#generation);
    try {
      const { name } = await this.#load(url);
      await this.#stop();
      this.#name = name;
      await this.#run(url);
      if (!this.#terminal.quiet) this.#terminal.note(`${shortPath(changed)} changed: "${name}" goes on from its last checkpoint.`);
    } catch (error) {
      const state = this.#job === undefined ? "The job is stopped" : "The version before goes on";
      this.#terminal.note(`${explainError(error).message} (${state}; the next change is tried again.)`);
    } finally {
      this.#watch.add(this.#modules.files());
    }
  }

  async #stop(): Promise<void> {
    const job = this.#job;
    this.#job = undefined;
    if (job === undefined) return;
    const patience = setTimeout(() => void job.cancel(), STOP_PATIENCE_MS);
    await job.stop().catch(() => {}); // a job that failed has said so
    clearTimeout(patience);
  }
}
