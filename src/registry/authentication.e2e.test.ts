// Users of the registry: who is nobody gets 401 everywhere, who has too small a role 403, for every route of the table.
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { after, before, test } from "node:test";
import { ROLES, type Role } from "./access.ts";
import { RegistryClient } from "./http/registry-client.ts";
import { RegistryWorld } from "./fixtures/registry-world.ts";
import { parseUsers } from "./index.ts";
import { ROUTES } from "./routes/all.ts";

const TOKEN = "a-token-of-enough-characters";
let world: RegistryWorld;

function scram(password: string): string {
  const salt = Buffer.from("some salt");
  const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
  const storedKey = createHash("sha256").update(createHmac("sha256", salted).update("Client Key").digest()).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$4096:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

before(async () => {
  const users = {
    reader: { role: "read", password: "sesame" },
    writer: { role: "write", scram: scram("zwölf:") },
    chief: { role: "admin", token: TOKEN },
  };
  world = await RegistryWorld.open({ users: parseUsers(JSON.stringify({ users })) });
});

after(() => world?.close());

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const CREDENTIALS: Readonly<Record<Role, string>> = {
  read: basic("reader:sesame"),
  write: basic("writer:zwölf:"),
  admin: `Bearer ${TOKEN}`,
};

async function call(method: string, path: string, authorization?: string): Promise<Response> {
  return await fetch(world.registry.url + path, {
    method,
    headers: authorization === undefined ? {} : { authorization },
    ...(method === "GET" || method === "DELETE" ? {} : { body: "{}" }),
  });
}

test("without the right credentials the answer is 401, with how to give them, whatever the path", async () => {
  const wrong = [
    undefined,
    basic("reader:wrong"),
    basic("nobody:sesame"),
    basic("chief:"),
    basic("reader"),
    "Basic %%",
    "Bearer x",
    "Digest x",
  ];
  for (const authorization of wrong) {
    for (const path of ["/subjects", "/no/such/path"]) {
      const response = await call("GET", path, authorization);
      const body = (await response.json()) as { error_code: number };
      assert.deepEqual([response.status, body.error_code], [401, 401], `${authorization}`);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Basic realm=/);
    }
  }
});

/** What each role may do, written down once more. */
const ALLOWED: Readonly<Record<Role, RegExp>> = {
  read: /^(GET|POST \/$|POST \/subjects\/s|POST \/compatibility\/|POST \/associations:batchGet)/,
  write: /^(GET|POST(?! \/associations:batchMutate)|DELETE \/subjects\/s(\/versions\/1)?$)/,
  admin: /^/,
};

test("every route is refused to the roles below its own, with 40301 and the role it needs", async () => {
  let refusals = 0;
  for (const { method, path } of ROUTES) {
    const target = path.replace("{subject}", "s").replace("{version}", "1").replace(/\{\w+\}/g, "9"); // prettier-ignore
    for (const query of method === "DELETE" ? ["", "?permanent=true"] : [""]) {
      const request = `${method} ${target}${query}`;
      for (const role of ROLES) {
        const response = await call(method, target + query, CREDENTIALS[role]);
        const text = await response.text(); // none with 204
        const body = (text === "" ? {} : JSON.parse(text)) as { error_code?: number; message?: string };
        const registers = method === "POST" && /^\/subjects\/\{subject\}\/versions(\/\{version\}\/tags)?$/.test(path);
        const allowed = ALLOWED[role].test(request) && !(role === "read" && registers);
        assert.equal(response.status !== 403, allowed, `${role}: ${request} ${JSON.stringify(body)}`);
        assert.notEqual(response.status, 401);
        if (allowed) continue;
        refusals++;
        assert.equal(body.error_code, 40301);
        assert.match(body.message ?? "", /has the role "\w+"; .* needs "(write|admin)"/);
      }
    }
  }
  assert.ok(refusals > 20, `${refusals}`);
});

test("the registry's own client gives user and password of its address", async () => {
  const address = world.registry.url.replace("//", `//writer:${encodeURIComponent("zwölf:")}@`);
  const id = await new RegistryClient(address).register("orders-value", '"string"', "AVRO");
  assert.ok(id > 0);
  await assert.rejects(new RegistryClient(world.registry.url).byId(id), { status: 401 });
});

test("a users file that cannot be meant is refused, and its secrets are not told", () => {
  const refused = (users: unknown, message: RegExp): void =>
    assert.throws(
      () => parseUsers(typeof users === "string" ? users : JSON.stringify({ users })),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  refused("{", /not JSON/);
  refused([], /no object "users"/);
  refused({}, /names no user/);
  refused({ a: { role: "king", password: "secret" } }, /User "a".*role is one of read, write, admin/);
  refused({ a: { role: "read" } }, /no password, scram or token/);
  refused({ a: { role: "read", password: "secret", pasword: "secret" } }, /"pasword" is not known/);
  refused({ a: { role: "read", token: "secret" } }, /at least 16/);
  refused({ a: { role: "read", scram: "secret" } }, /SCRAM-SHA-256/);
  refused({ "a:b": { role: "read", password: "secret" } }, /no colon/);
  refused({ a: { role: "read", password: "secret", scram: scram("secret") } }, /not both/);
});
