import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cli, CliProcess, type CliResult } from "./fixtures/cli-process.ts";

interface Endpoints {
  readonly bootstrapServers: string;
  readonly console: string;
  readonly dataDir: string;
  readonly jobs: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PIPELINE = (suffix: string): string => `
import { pipeline } from "millrace";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
import { Word } from "./word.ts";
export default pipeline("upper", (p) => {
  p.from("words", kafkaSource(topic("words", Word, { key: "word" })))
    .map((each) => ({ word: each.word.toUpperCase() + "${suffix}" }))
    .returns(Word)
    .to("upper", kafkaSink(topic("upper", Word, { key: "word" }), { delivery: "exactly-once" }));
});
`;
const WORD = `
import { t } from "millrace";
export const Word = t.record("Word", { word: t.string() });
`;

/** A user's project, with the package in its node_modules. */
let directory = "";
let data = "";
let server: CliProcess;
let endpoints: Endpoints;
const command = (args: readonly string[], input?: string): Promise<CliResult> =>
  cli([...args, "--data", data], input === undefined ? {} : { input });
const dev = (): CliProcess =>
  new CliProcess([
    "dev",
    join(directory, "upper.ts"),
    "--broker-port",
    "0",
    "--console-port",
    "0",
    "--registry-port",
    "0",
    "--data",
    data,
    "--json",
  ]);

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-dev-"));
  data = join(directory, "data");
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(ROOT, join(directory, "node_modules", "millrace"));
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(directory, "upper.ts"), PIPELINE(""));
  writeFileSync(join(directory, "word.ts"), WORD);
  server = dev();
  endpoints = JSON.parse((await server.until("stdout", /^.*\n/))[0]) as Endpoints;
});

after(async () => {
  server.signal("SIGKILL");
  await server.ended;
  rmSync(directory, { recursive: true, force: true });
});

/** The next `count` records of "upper" after the offset, as values. */
async function upper(from: number, count: number): Promise<string[]> {
  await command(["topic", "create", "upper", "--if-not-exists"]); // the sink makes it, too, a little later
  const { stdout, exitCode, stderr } = await command(["topic", "tail", "upper", "-o", String(from), "-n", String(count), "-f", "%k\\n"]);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim().split("\n");
}

test("--json prints the endpoints as one line, and server.json is the owner's alone", () => {
  assert.match(endpoints.bootstrapServers, /^127\.0\.0\.1:\d+$/);
  assert.match(endpoints.console, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
  assert.deepEqual(endpoints.jobs, ["upper"]);
  assert.equal(server.stdout.split("\n").length, 2);
  assert.equal(statSync(join(data, "server.json")).mode & 0o777, 0o600);
});

test("records go in by produce, through the pipeline, and out by tail", async () => {
  await command(["topic", "create", "words", "--if-not-exists"]);
  const produced = await command(["topic", "produce", "words", "-K", "|", "--json"], 'a|{"word":"a"}\nb|{"word":"b"}\n');
  assert.deepEqual(JSON.parse(produced.stdout), { topic: "words", records: 2 });
  assert.deepEqual(await upper(0, 2), ["A", "B"]);
  const document = await command(["topic", "tail", "words", "-o", "start", "-e", "--json"]);
  const records = JSON.parse(document.stdout) as { key: string; value: string; offset: number }[];
  assert.deepEqual(
    records.map(({ key, value, offset }) => [key, value, offset]),
    [
      ["a", '{"word":"a"}', 0],
      ["b", '{"word":"b"}', 1],
    ],
  );
});

test("a changed file restarts the job from its checkpoint; a broken one leaves it alone", async () => {
  writeFileSync(join(directory, "word.ts"), "export const Word = ;\n");
  await server.until("stderr", /word\.ts:1: .*The version before goes on/);
  writeFileSync(join(directory, "word.ts"), WORD);
  await server.until("stderr", /word\.ts changed: "upper" goes on from its last checkpoint/);
  writeFileSync(join(directory, "upper.ts"), PIPELINE("!"));
  await server.until("stderr", /upper\.ts changed: "upper" goes on from its last checkpoint/);
  await command(["topic", "produce", "words"], '{"word":"c"}\n');
  const values = await command(["topic", "tail", "upper", "-o", "start", "-n", "3", "-f", "%k\\n"]);
  assert.deepEqual(values.stdout.split("\n").filter(Boolean), ["A", "B", "C!"]);
});

test("unknown topics and jobs are not found, with the nearest name", async () => {
  const topic = await command(["topic", "tail", "wrds"]);
  assert.equal(topic.exitCode, 3);
  assert.match(topic.stderr, /There is no topic "wrds"\. Did you mean "words"\?/);
  const job = await command(["job", "stop", "uper"]);
  assert.equal(job.exitCode, 3);
  assert.match(job.stderr, /There is no job "uper"\. Did you mean "upper"\?/);
  const exists = await command(["topic", "create", "words"]);
  assert.equal(exists.exitCode, 5);
});

test("job why says what holds rows back, as JSON too, and knows the streams by name", async () => {
  const why = await command(["job", "why", "--json"]);
  assert.equal(why.exitCode, 0, why.stderr);
  assert.ok(Array.isArray(JSON.parse(why.stdout)));
  const key = await command(["job", "why", "--key", "a"]);
  assert.match(key.stdout, /^1\. No operator that is asked about keeps anything by key\./, key.stderr);
  assert.match(key.stdout, /\n2\. 1 of the newest 3 records of "words" have a \(as the record's key\); .* the job has read 1 of them\./);
  const never = await command(["job", "why", "--key", "zebra"]);
  assert.match(never.stdout, /\n2\. None of the newest 3 records of "words" has zebra/);
  const nowhere = await command(["job", "why", "--stream", "nowhere"]);
  assert.equal(nowhere.exitCode, 3);
  assert.match(nowhere.stderr, /no operator "nowhere"/);
});

test("topic ls and job ls are TSV in a pipe", async () => {
  const topics = await command(["topic", "ls"]);
  assert.match(topics.stdout, /^upper\t1\t\d+\nwords\t1\t3\n$/);
  const jobs = await command(["job", "ls"]);
  assert.match(jobs.stdout, /^upper\trunning\t1\t0\t\d+\t\d*\t\S+Z\n$/);
});

test("a second server on the same data directory is a conflict", async () => {
  const second = await command(["dev", "--broker-port", "0", "--console-port", "0", "--registry-port", "0"]);
  assert.equal(second.exitCode, 5);
  assert.match(second.stderr, /is in use by process \d+\. Stop that process, or use another directory: --data DIR/);
});

test("Ctrl-C takes a final checkpoint and exits 0, and the next start goes on there", async () => {
  server.signal("SIGINT");
  const { exitCode, stderr } = await server.ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /Stopping: a final checkpoint/);
  assert.equal(existsSync(join(data, "server.json")), false);
  server = dev();
  endpoints = JSON.parse((await server.until("stdout", /^.*\n/))[0]) as Endpoints;
  await command(["topic", "produce", "words"], '{"word":"d"}\n');
  const values = await command(["topic", "tail", "upper", "-o", "start", "-n", "4", "-f", "%k\\n"]);
  assert.deepEqual(values.stdout.split("\n").filter(Boolean), ["A", "B", "C!", "D!"]);
});

test("job stop --savepoint prints where the savepoint is; a stopped job is stopped", async () => {
  const stopped = await command(["job", "stop", "upper", "--savepoint"]);
  assert.equal(stopped.exitCode, 0, stopped.stderr);
  assert.ok(existsSync(stopped.stdout.trim()), stopped.stdout);
  assert.equal((await command(["job", "stop", "upper"])).exitCode, 5);
});

test("run --once reads to the end of what is there and finishes with exit code 0", async () => {
  writeFileSync(
    join(directory, "once.ts"),
    PIPELINE("?").replace('"upper", (p)', '"once", (p)').replaceAll('topic("upper"', 'topic("once"'),
  );
  const run = await command(["run", join(directory, "once.ts"), "--once", "--json"]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal((JSON.parse(run.stdout) as { state: string }).state, "finished");
  const values = await command(["topic", "tail", "once", "-o", "start", "-e", "-f", "%k\\n"]);
  assert.deepEqual(values.stdout.split("\n").filter(Boolean), ["A?", "B?", "C?", "D?"]);
});

test("a job that cannot go on ends run with exit code 10 and the operator's name", async () => {
  const text = PIPELINE("?").replace('"upper", (p)', '"fails", (p)').replace("each.word.toUpperCase()", "JSON.parse(each.word)");
  writeFileSync(join(directory, "fails.ts"), text);
  const config = await command(["run", join(directory, "fails.ts"), "--once", "--restart", "none"]);
  assert.equal(config.exitCode, 10, config.stderr);
  assert.match(config.stderr, /Job "fails" failed in "map-1", record \S+@\d+: .* \(.*fails\.ts:\d+:\d+\)/);
});
