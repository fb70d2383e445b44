// A server: the embedded broker (or somebody else's Kafka), jobs, and the console behind one HTTP address. Jobs given by their module run
// in worker threads, so user code stops neither acknowledgements nor the console. Ended in the opposite order of its start.
import { startBroker, type Broker } from "../broker/broker.ts";
import { toBase64Url } from "../bytes/base64.ts";
import { KafkaClient } from "../client/client.ts";
import type { Job } from "../engine/coordinator/job-status.ts";
import { processMetrics } from "../env-node/process-metrics.ts";
import { jobMetricsText } from "../engine/coordinator/job-metrics-text.ts";
import { userMetricsText } from "../engine/coordinator/user-metrics-text.ts";
import { loadPipelineGraph } from "../engine/host/load-pipeline.ts";
import { runJob } from "../engine/run-job.ts";
import type { Env } from "../env/env.ts";
import type { Registry } from "../registry/start-registry.ts";
import { SCHEMAS_TOPIC } from "../registry/store-topic.ts";
import type { User } from "../registry/users-file.ts";
import { asPipeline, type Pipeline } from "../stream/pipeline.ts";
import { startHttpServer, type HttpServer } from "./http/http-server.ts";
import { writeServerFile } from "./http/server-file-writer.ts";
import { readStaticFiles } from "./http/static-files.ts";
import { Jobs } from "./jobs.ts";
import { moduleUrlOf } from "./module-url.ts";
import { packageVersion } from "./package-version.ts";
import { newestRecords } from "./newest-records.ts";
import { RecordTails } from "./record-tail.ts";
import { route } from "./routes.ts";
import { explainDataDirectory, explainListen, isListenError, ServerError } from "./server-error.ts";
import { sinkTopics } from "./sink-topics.ts";
import { TWO_PHASE_COMMIT } from "./two-phase-commit.ts";

export interface ServerOptions {
  /** Log, checkpoints and server.json. Default ".millrace". */
  readonly dataDir?: string;
  /** Of the embedded broker. Default 9092; 0: any free one. */
  readonly brokerPort?: number;
  /** Of the console and the HTTP API. Default 4400; 0: any free one. */
  readonly consolePort?: number;
  /** Of the schema registry; 0: any free one. No registry is started without it. */
  readonly registryPort?: number;
  /** Who may do what with the registry; undefined: everybody everything. Jobs of this server have a user of their own. */
  readonly registryUsers?: readonly User[];
  /** "host:port,…" of a Kafka cluster to use; no broker is started then. */
  readonly brokers?: string;
  /** "disk" (default): acknowledged records survive a power cut. "page-cache": they survive the process only. */
  readonly durability?: "disk" | "page-cache";
  /** Of the embedded broker, by Kafka's own names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of most jobs: the start names transactions that are open for longer than two of them. Default: those of a minute. */
  readonly checkpointIntervalMs?: number;
  /** The console's token; default: a new random one. */
  readonly token?: string;
}

export interface RunOptions {
  /** Default 1. */
  readonly parallelism?: number;
  /** Default 1000. */
  readonly checkpointIntervalMs?: number;
  /** "latest" (default), "none", or the directory of a checkpoint or savepoint. */
  readonly from?: string;
  /** Reads to the end of what is there now and finishes. */
  readonly once?: boolean;
}

export interface Server {
  /** For Kafka clients: "127.0.0.1:9092". */
  readonly bootstrapServers: string;
  /** Opens the console in a browser; with the token. */
  readonly consoleUrl: string;
  /** "http://127.0.0.1:8081"; undefined without one. */
  readonly registryUrl: string | undefined;
  readonly dataDir: string;
  /** Resolves if the embedded broker had to stop by itself, with the reason. */
  readonly failed: Promise<Error>;
  /** A pipeline's module (path or URL) runs in a worker thread; a pipeline object in this thread, next to the broker. */
  run(pipeline: Pipeline | URL | string, options?: RunOptions): Promise<Job>;
  jobs(): readonly Job[];
  /** Shows figures of the program around the server on the console's page; `facts` is called at each look. The same title replaces. */
  show(title: string, facts: () => Readonly<Record<string, string>>): void;
  /** Stops the jobs with a final checkpoint, then everything else. Idempotent. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const DEFAULT_BROKER_PORT = 9092;
const DEFAULT_CONSOLE_PORT = 4400;
const TOKEN_BYTES = 24;
/** Of the registry: the jobs of this server. */
const JOBS_USER = "millrace-jobs";
/** Beside src/ and dist/. */
const UI_FOLDER = decodeURIComponent(new URL("../../ui", import.meta.url).pathname);

/** Rejects with ServerError (port or data directory), or the broker's SettingError. */
export async function startServer(env: Env, options: ServerOptions = {}): Promise<Server> {
  const server = new RunningServer(env, options);
  try {
    await server.open();
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

class RunningServer implements Server {
  readonly dataDir: string;
  readonly failed: Promise<Error>;
  readonly #failure = Promise.withResolvers<Error>();
  readonly #env: Env;
  readonly #options: ServerOptions;
  readonly #jobs = new Jobs();
  readonly #panels = new Map<string, () => Readonly<Record<string, string>>>();
  readonly #token: string;
  #broker: Broker | undefined;
  #client: KafkaClient | undefined;
  #tails: RecordTails | undefined;
  #http: HttpServer | undefined;
  #registry: Registry | undefined;
  /** With the credentials of the jobs. */
  #registryAddress: string | undefined;
  #removeServerFile: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(env: Env, options: ServerOptions) {
    this.#env = env;
    this.#options = options;
    this.dataDir = options.dataDir ?? ".millrace";
    this.#token = options.token ?? toBase64Url(env.random.bytes(TOKEN_BYTES));
    this.failed = this.#failure.promise;
  }

  get bootstrapServers(): string {
    return this.#options.brokers ?? this.#broker!.bootstrapServers;
  }

  get consoleUrl(): string {
    return `${this.#consoleAddress}/?token=${this.#token}`;
  }

  get registryUrl(): string | undefined {
    return this.#registry?.url;
  }

  get #consoleAddress(): string {
    return `http://${HOST}:${this.#http!.port}`;
  }

  async open(): Promise<void> {
    const { files, clock } = this.#env;
    await files.makeDirectory(this.dataDir).catch((error: unknown) => {
      throw explainDataDirectory(error, this.dataDir);
    });
    if (this.#options.brokers === undefined) await this.#startBroker();
    this.#client = new KafkaClient(this.#env, { brokers: this.bootstrapServers, clientId: "millrace-console" });
    this.#tails = new RecordTails(this.#client, clock);
    if (this.#options.registryPort !== undefined) await this.#startRegistry(this.#options.registryPort);
    await this.#startConsole();
    this.#removeServerFile = writeServerFile(this.dataDir, {
      startedAt: clock.now(),
      brokers: this.bootstrapServers,
      console: this.#consoleAddress,
      ...(this.#registry === undefined ? {} : { registry: this.#registry.url }),
      token: this.#token,
    });
  }

  async run(pipeline: Pipeline | URL | string, options: RunOptions = {}): Promise<Job> {
    this.#failIfClosed();
    const moduleUrl = typeof pipeline === "string" || pipeline instanceof URL ? moduleUrlOf(pipeline) : undefined;
    const graph = moduleUrl === undefined ? asPipeline(pipeline, "server.run()").graph() : await loadPipelineGraph(moduleUrl);
    const { parallelism, checkpointIntervalMs, from, once } = options;
    return await this.#jobs.add(graph.name, sinkTopics(graph), () =>
      runJob(this.#env, {
        ...(moduleUrl === undefined ? { graph, host: "in-thread" } : { moduleUrl, host: "worker" }),
        checkpoints: {
          dir: `${this.dataDir}/checkpoints`,
          ...(checkpointIntervalMs === undefined ? {} : { everyMs: checkpointIntervalMs }),
        },
        ...(parallelism === undefined ? {} : { parallelism }),
        restoreFrom:
          from === undefined || from === "latest" ? { kind: "latest" } : from === "none" ? { kind: "none" } : { kind: "path", path: from },
        drain: once ?? false,
        settings: {
          "kafka.brokers": this.bootstrapServers,
          ...(this.#registryAddress === undefined ? {} : { "schema.registry.url": this.#registryAddress }),
        },
      }),
    );
  }

  show(title: string, facts: () => Readonly<Record<string, string>>): void {
    this.#panels.set(title, facts);
  }

  jobs(): readonly Job[] {
    return this.#jobs.list();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // ---------- parts ----------

  async #startBroker(): Promise<void> {
    const { brokerPort, durability, settings, checkpointIntervalMs } = this.#options;
    const port = brokerPort ?? DEFAULT_BROKER_PORT;
    try {
      this.#broker = await startBroker(this.#env, {
        dataDir: this.dataDir,
        host: HOST,
        port,
        ...(durability === undefined ? {} : { durability }),
        settings: { ...TWO_PHASE_COMMIT, ...settings },
        ...(checkpointIntervalMs === undefined ? {} : { oldTransactionMs: 2 * checkpointIntervalMs }),
      });
    } catch (error) {
      throw explainListenOrDirectory(error, port, this.dataDir);
    }
    void this.#broker.failed.then(this.#failure.resolve);
  }

  async #startRegistry(port: number): Promise<void> {
    const { startRegistry } = await import("../registry/start-registry.ts"); // only who wants one loads its parsers
    try {
      const version = await packageVersion(this.#env.files);
      const { bootstrapServers } = this;
      const given = this.#options.registryUsers;
      const jobs = {
        name: JOBS_USER,
        role: "admin",
        password: toBase64Url(this.#env.random.bytes(TOKEN_BYTES)),
        token: undefined,
      } as const;
      const users = given === undefined ? undefined : [...given.filter(({ name }) => name !== JOBS_USER), jobs];
      this.#registry = await startRegistry(this.#env, { bootstrapServers, host: HOST, port, version, users });
      const { url } = this.#registry;
      this.#registryAddress = users === undefined ? url : url.replace("://", `://${jobs.name}:${jobs.password}@`);
    } catch (error) {
      throw explainListen(error, "registry", port);
    }
  }

  async #startConsole(): Promise<void> {
    const port = this.#options.consolePort ?? DEFAULT_CONSOLE_PORT;
    const ofProcess = processMetrics();
    const files = await readStaticFiles(this.#env.files, UI_FOLDER);
    const context = {
      version: await packageVersion(this.#env.files),
      jobs: this.#jobs,
      topics: () => this.#topics(),
      newest: (topic: string, count: number) => this.#tails!.newest(topic, count),
      sample: (topic: string) => newestRecords(this.#client!, this.#env.timers, topic),
      metrics: () => {
        const jobs = this.#jobs.list().map((job) => job.status());
        return (this.#broker?.metricsText() ?? "") + ofProcess() + jobMetricsText(jobs) + userMetricsText(jobs);
      },
      panels: () => [...this.#panels].map(([title, facts]) => ({ title, facts: facts() })),
    };
    try {
      this.#http = await startHttpServer({ host: HOST, port, token: this.#token, files, api: (request) => route(context, request) });
    } catch (error) {
      throw explainListen(error, "console", port);
    }
  }

  async #topics(): Promise<readonly string[]> {
    const isInternal = (name: string): boolean => name.startsWith("__") || name === SCHEMAS_TOPIC;
    if (this.#broker !== undefined)
      return [...this.#broker.logs.topics()]
        .map(({ name }) => name)
        .filter((name) => !isInternal(name))
        .sort();
    const topics = await this.#client!.admin().listTopics();
    return topics.filter(({ internal, name }) => !internal && !isInternal(name)).map(({ name }) => name);
  }

  async #close(): Promise<void> {
    this.#removeServerFile?.();
    await this.#jobs.stopAll();
    await this.#http?.close();
    await this.#registry?.close();
    await this.#tails?.close();
    await this.#client?.close().catch(() => {}); // it only read
    await this.#broker?.close();
  }

  #failIfClosed(): void {
    if (this.#closing !== undefined) throw new ServerError("SERVER_CLOSED", "The server was closed.");
  }
}

function explainListenOrDirectory(error: unknown, port: number, dataDir: string): unknown {
  return isListenError(error) ? explainListen(error, "broker", port) : explainDataDirectory(error, dataDir);
}
