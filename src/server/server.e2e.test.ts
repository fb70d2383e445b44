import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createClient } from "../client/index.ts";
import { startServer, type Server } from "./index.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";
let dataDir = "";
let server: Server;
let port = 0;
let token = "";

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "millrace-server-"));
  server = await startServer({ dataDir, brokerPort: 0, consolePort: 0, logger: { log: () => {} } });
  const url = new URL(server.consoleUrl);
  port = Number(url.port);
  token = url.searchParams.get("token")!;
});
after(async () => {
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A raw request: fetch would not let the Host header through. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET", body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const authorized = (): Record<string, string> => ({ authorization: `Bearer ${token}` });
const errorOf = ({ body }: Answer): string => (JSON.parse(body) as { error: string }).error;

test("without the token the API answers 401, with it 200", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, { cookie: `millrace-token-${port}=wrong` }] as Record<string, string>[]) {
    const refused = await ask("/api/status", headers);
    assert.equal(refused.status, 401);
    assert.match(errorOf(refused), /The token is missing or wrong\. Open the address/);
    assert.ok(!refused.body.includes(token));
  }
  assert.equal((await ask(`/api/status?token=${token}`)).status, 401, "a query does not authorise an API call");
  assert.equal((await ask("/api/status", authorized())).status, 200);
  assert.equal((await ask("/api/status", { cookie: `millrace-token-${port}=${token}` })).status, 200);
});

test("a target that is no URL is a bad request", async () => {
  const refused = await ask("//");
  assert.equal(refused.status, 400);
  assert.match(errorOf(refused), /is no URL/);
});

test("a foreign Host or Origin is refused with 403, whatever token comes along", async () => {
  for (const headers of [
    { host: "evil.example" },
    { host: `evil.example:${port}` },
    { host: "127.0.0.1" },
    { origin: "http://evil.example" },
    { origin: "null" },
  ])
    for (const path of ["/", "/api/status", "/console.js"])
      assert.equal((await ask(path, { ...authorized(), ...(headers as Record<string, string>) })).status, 403);
  const own = await ask("/api/status", { ...authorized(), host: `localhost:${port}`, origin: `http://localhost:${port}` });
  assert.equal(own.status, 200);
});

test("a changing request from another site is refused before anything happens", async () => {
  const refused = await ask(
    "/api/jobs/any/cancel",
    { cookie: `millrace-token-${port}=${token}`, origin: "http://evil.example" },
    "POST",
    "{}",
  );
  assert.equal(refused.status, 403);
});

test("the page comes with a policy that allows its own scripts only; the token moves from the address into a cookie", async () => {
  const first = await ask(`/?token=${token}`);
  assert.equal(first.status, 303);
  assert.equal(first.headers.location, "/");
  assert.match(first.headers["set-cookie"]![0]!, /^millrace-token-\d+=[\w-]+; HttpOnly; SameSite=Strict; Path=\/$/);
  assert.equal((await ask("/?token=wrong")).status, 401);
  const page = await ask("/");
  assert.equal(page.status, 200);
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'; script-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers["x-content-type-options"], "nosniff");
  assert.doesNotMatch(page.body, /<script(?![^>]*\ssrc=)|\son\w+=|style="/i, "nothing inline, which the policy would block");
});

test("only the page's own files are served", async () => {
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/index.html/../../package.json", "/server.json", "//etc/passwd"])
    assert.equal((await ask(path)).status, 404, path);
  assert.equal((await ask("/", {}, "POST", "")).status, 405);
});

test("record contents are JSON text, never markup, and the page puts them in as text", async () => {
  const client = createClient({ brokers: server.bootstrapServers });
  const producer = client.producer();
  await producer.send({ topic: "markup", key: SCRIPT, value: SCRIPT });
  await producer.send({ topic: "markup", key: null, value: Uint8Array.of(0xff, 0xfe) });
  await client.close();
  let records: { key: string | null; value: string }[] = [];
  let answer = await ask("/api/topics/markup/newest?n=2", authorized());
  for (; records.length < 2; answer = await ask("/api/topics/markup/newest?n=2", authorized())) {
    assert.equal(answer.status, 200, answer.body);
    ({ records } = JSON.parse(answer.body) as { records: typeof records });
  }
  assert.equal(answer.headers["content-type"], "application/json");
  assert.deepEqual(
    records.map(({ key, value }) => [key, value]).sort(),
    [
      [SCRIPT, SCRIPT],
      [null, "\uFFFD\uFFFD"],
    ].sort(),
  );
  const script = (await ask("/console.js")).body;
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
});

test("unknown paths, jobs, topics, methods and bodies are one sentence each with the right status", async () => {
  const cases: [string, string, string | undefined, number, RegExp][] = [
    ["GET", "/api/nothing", undefined, 404, /There is no \/api\/nothing/],
    ["GET", "/api/jobs/none", undefined, 404, /There is no job "none"\. No job runs here/],
    ["GET", "/api/topics/none/newest", undefined, 404, /There is no topic "none"/],
    ["GET", "/api/topics/markup/newest?n=1000", undefined, 400, /from 1 to 50/],
    ["GET", "/api/jobs/%zz", undefined, 400, /not a well-formed name/],
    ["POST", "/api/status", "{}", 405, /takes GET, not POST/],
    ["GET", "/api/jobs/x/stop", undefined, 405, /takes POST, not GET/],
    ["POST", "/api/jobs/x/stop", "{", 400, /not JSON/],
    ["POST", "/api/jobs/x/stop", `"${"x".repeat(70_000)}"`, 413, /larger than 65536/],
  ];
  for (const [method, path, body, status, message] of cases) {
    const answer = await ask(path, authorized(), method, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.body}`);
    assert.match(errorOf(answer), message);
  }
});

test("server.json names the addresses and the token while the server runs", () => {
  const file = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(
    { ...file, startedAt: 0 },
    { pid: process.pid, startedAt: 0, brokers: server.bootstrapServers, console: `http://127.0.0.1:${port}`, token },
  );
});

test("a second server on the directory, or on a port, is refused in a sentence", async () => {
  const logger = { log: () => {} };
  await assert.rejects(startServer({ dataDir, brokerPort: 0, consolePort: 0, logger }), {
    code: "DATA_IN_USE",
    message: /in use by process \d+/,
  });
  const other = join(dataDir, "other");
  await assert.rejects(startServer({ dataDir: other, brokerPort: 0, consolePort: port, logger }), {
    code: "PORT_IN_USE",
    message: /console's port/,
  });
});
