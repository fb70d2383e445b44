// The HTTP API's routes, below the access checks. Reading is GET, everything that changes something is POST; errors are sentences.
import { ExplainError } from "../engine/coordinator/explain-job.ts";
import type { Finding, Job } from "../engine/coordinator/job-status.ts";
import { isEnded, sinksEndedText } from "../engine/coordinator/sinks-ended.ts";
import { HttpError, type ApiRequest } from "./http/http-server.ts";
import { hasEnded, type Jobs } from "./jobs.ts";
import { isUnsettled, sourceTopics, withTopic } from "./key-in-topics.ts";
import type { TailRecord } from "./record-tail.ts";

export interface RouteContext {
  readonly version: string;
  readonly jobs: Jobs;
  /** Names, without internal topics. */
  readonly topics: () => Promise<readonly string[]>;
  readonly newest: (topic: string, count: number) => Promise<readonly TailRecord[]>;
  /** Ordered by partition and offset: the newest, for a question about a key. */
  readonly sample: (topic: string) => Promise<readonly TailRecord[]>;
  readonly panels: () => readonly Panel[];
  /** Prometheus text; empty without an embedded broker. */
  readonly metrics: () => string;
}

/** What the program around the server wants shown on the console's page: a title, and figures as text. */
export interface Panel {
  readonly title: string;
  readonly facts: Readonly<Record<string, string>>;
}

const NEWEST_DEFAULT = 20;
const NEWEST_MOST = 50;

type Route = readonly [
  method: string,
  path: RegExp,
  handle: (context: RouteContext, request: ApiRequest, name: string) => Promise<unknown>,
];

const ROUTES: readonly Route[] = [
  ["GET", /^\/api\/status$/, status],
  ["GET", /^\/api\/jobs$/, async ({ jobs }) => ({ jobs: jobs.shown() })],
  ["GET", /^\/api\/jobs\/([^/]+)$/, async (context, _request, name) => jobOf(context, name).status()],
  ["GET", /^\/api\/jobs\/([^/]+)\/why$/, why],
  ["POST", /^\/api\/jobs\/([^/]+)\/stop$/, stop],
  ["POST", /^\/api\/jobs\/([^/]+)\/cancel$/, cancel],
  ["POST", /^\/api\/jobs\/([^/]+)\/savepoint$/, savepoint],
  ["GET", /^\/metrics$/, async ({ metrics }) => metrics()],
  ["GET", /^\/api\/topics$/, async ({ topics }) => ({ topics: await topics() })],
  ["GET", /^\/api\/topics\/([^/]+)\/newest$/, newest],
];

export async function route(context: RouteContext, request: ApiRequest): Promise<unknown> {
  let otherMethod: string | undefined;
  for (const [method, path, handle] of ROUTES) {
    const match = path.exec(request.path);
    if (match === null) continue;
    if (method === request.method) return await handle(context, request, decodeName(match[1] ?? ""));
    otherMethod = method;
  }
  if (otherMethod !== undefined) throw new HttpError(405, `${request.path} takes ${otherMethod}, not ${request.method}.`);
  throw new HttpError(404, `There is no ${request.path}.`);
}

async function status({ version, jobs, topics, panels }: RouteContext): Promise<unknown> {
  return { version, jobs: jobs.shown(), topics: await topics(), panels: panels() };
}

/** Findings why nothing comes out, of everything or of `stream`, and of a `key`. */
async function why(context: RouteContext, request: ApiRequest, name: string): Promise<unknown> {
  const stream = request.query.get("stream");
  const key = request.query.get("key");
  const options = stream === null ? {} : { stream };
  const job = jobOf(context, name);
  try {
    return { findings: key === null ? job.explain(options) : await whyOfKey(context, job, key, options) };
  } catch (error) {
    if (error instanceof ExplainError) throw new HttpError(404, error.message);
    throw error;
  }
}

/** What operators keep of the key; if some keep nothing of it, what the topics that the job reads say of it, too. */
async function whyOfKey(context: RouteContext, job: Job, key: string, options: { readonly stream?: string }): Promise<readonly Finding[]> {
  let findings = await job.explainKey(key, options);
  if (!isUnsettled(findings)) return findings;
  const status = job.status();
  for (const topic of sourceTopics(status, await context.topics()))
    findings = withTopic(findings, status, topic, await context.sample(topic), key);
  return findings;
}

/** Resolves when the job has ended: { state, savepoint? }. */
async function stop(context: RouteContext, request: ApiRequest, name: string): Promise<unknown> {
  const job = aliveJob(context, name);
  const options = fields(request.body);
  const { savepoint: wanted, drain } = options;
  if (wanted !== undefined && typeof wanted !== "boolean" && typeof wanted !== "string")
    throw new HttpError(400, "savepoint: expected true, false or a directory.");
  if (drain !== undefined && typeof drain !== "boolean") throw new HttpError(400, "drain: expected true or false.");
  const result = await job.stop({ ...(wanted === undefined ? {} : { savepoint: wanted }), ...(drain === undefined ? {} : { drain }) });
  return { state: result.state, checkpoint: result.checkpoint, savepoint: result.savepoint };
}

/** { state, ended? }. Of a job that has failed: ends what its sinks had prepared; 409 if that does not work. */
async function cancel(context: RouteContext, _request: ApiRequest, name: string): Promise<unknown> {
  const job = jobOf(context, name);
  if (job.status().state !== "failed") aliveJob(context, name);
  await job.cancel();
  const { state, ended } = job.status();
  if (state === "failed" && ended !== undefined && !isEnded(ended)) {
    const texts = sinksEndedText(ended).join(" ");
    throw new HttpError(409, `The job "${name}" has failed. ${texts} Cancel it again when that is mended, or see "millrace txn ls".`);
  }
  return { state, ...(ended === undefined ? {} : { ended }) };
}

async function savepoint(context: RouteContext, request: ApiRequest, name: string): Promise<unknown> {
  const { path } = fields(request.body);
  if (path !== undefined && typeof path !== "string") throw new HttpError(400, "path: expected a directory.");
  return { savepoint: await aliveJob(context, name).savepoint(path === undefined ? {} : { path }) };
}

async function newest(context: RouteContext, request: ApiRequest, name: string): Promise<unknown> {
  const wanted = request.query.get("n") ?? String(NEWEST_DEFAULT);
  const count = Number(wanted);
  if (!Number.isInteger(count) || count < 1 || count > NEWEST_MOST)
    throw new HttpError(400, `n=${wanted}: expected a whole number from 1 to ${NEWEST_MOST}.`);
  if (!(await context.topics()).includes(name)) throw new HttpError(404, `There is no topic "${name}".`);
  return { records: await context.newest(name, count) };
}

function jobOf({ jobs }: RouteContext, name: string): Job {
  const job = jobs.get(name);
  if (job !== undefined) return job;
  const names = jobs.list().map((each) => each.name);
  throw new HttpError(404, `There is no job "${name}". ${names.length === 0 ? "No job runs here." : `Jobs: ${names.join(", ")}.`}`);
}

function aliveJob(context: RouteContext, name: string): Job {
  const job = jobOf(context, name);
  if (hasEnded(job)) throw new HttpError(409, `The job "${name}" has ended: ${job.status().state}.`);
  return job;
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, `"${text}" is not a well-formed name.`);
  }
}

function fields(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {};
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Readonly<Record<string, unknown>>;
  throw new HttpError(400, "The body is not a JSON object.");
}
