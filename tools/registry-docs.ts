// Writes docs/registry-api.md from the registry's route table: `node --conditions=source tools/registry-docs.ts`. A test compares.
import { readFile, writeFile } from "node:fs/promises";
import { format } from "oxfmt";
import { neededRole } from "../src/registry/access.ts";
import type { Route } from "../src/registry/route.ts";
import { ROUTES } from "../src/registry/routes/all.ts";
import { FORMATS } from "../src/registry/schema-parsing.ts";

const TARGET = new URL("../docs/registry-api.md", import.meta.url);

const INTRODUCTION = `# The schema registry's HTTP API

<!-- Made by tools/registry-docs.ts from src/registry/routes/. Do not edit. -->

\`millrace dev\` serves it on port 8081, \`millrace registry\` alone. Paths, bodies and error codes are those of Confluent's Schema Registry,
so that its clients work unchanged. Schemas live in the compacted topic \`_schemas\`, in Confluent's record format, on the embedded broker
or on Apache Kafka (\`--brokers\`): an existing topic can be taken over.

- Types: ${Object.keys(FORMATS).join(", ")}. Answers are \`application/vnd.schemaregistry.v1+json\`, or what \`accept\` prefers
  of it, \`application/vnd.schemaregistry+json\` and \`application/json\`; 406 where it wants none of them, 415 for a body that says it is another.
- An error is \`{ "error_code": 40401, "message": "…" }\`; the HTTP status is the first three digits. Every route may answer 50001 (the
  topic cannot be written or read now) and, if it changes something, 50004 (another registry has taken over the topic; this one only reads).
- \`/contexts/NAME\` in front of a path means the subjects of that context; \`:.NAME:subject\` is such a subject's full name. Each context has
  ids of its own; \`:.:\` is the default one. Settings and modes of \`:.NAME:\` hold for its subjects, those of \`:.__GLOBAL:\` for all contexts.
  A subject that the default context does not have is looked for in the others.
- One registry writes to a topic. A newer one takes over, and the older one only reads from then on. An id is never given twice, not even
  after a permanent deletion or a crash.
- The registry listens on loopback only. Requests of web pages and with a foreign Host header are refused.
- \`--auth-file FILE\` of \`millrace dev\` and \`millrace registry\` (\`MILLRACE_AUTH_FILE\`) wants credentials, Basic or Bearer: without them 401, without the right role
  40301. The file is \`{ "users": { "ada": { "role": "admin", "password": "…" }, "ci": { "role": "write", "token": "…" } } }\`; instead of a
  password it may hold a salted one, \`"scram": "SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY"\` (RFC 5803). \`read\` may ask, \`write\` also
  register and delete softly, \`admin\` also delete for good and change settings, modes and contexts.
- What is compatible with what, and the reasons that are given: [schema-compatibility.md](schema-compatibility.md).
- Tags stand in the texts: \`confluent:tags\` in Avro and JSON Schema, \`(confluent.message_meta)\` and \`(confluent.field_meta)\` in Protobuf. An incompatible schema is 409 in status
  and \`error_code\`, as Confluent's documentation and the servers that it describes have it; their newest sources say 40901 under the same status.
- An association (\`/associations\`) says which subject the keys or values of a topic have; serialisers with Confluent's strategy ASSOCIATED ask
  for it. \`WEAK\`: several topics may have the subject; \`STRONG\`: it is the topic's alone, and goes with it where a deletion cascades.
- Not there, as in Confluent's community server: exporters (schema linking), encryption keys (the DEK registry, an extension there), the stream
  catalog; nor the column provenance of its newest sources. Their paths answer 404.

| method | path | query |
| --- | --- | --- |
${ROUTES.map(({ method, path, query }) => `| ${method} | ${path} | ${Object.keys(query).join(", ")} |`).join("\n")}

`;

export async function registryDocs(): Promise<string> {
  const text = INTRODUCTION + ROUTES.map(section).join("\n");
  const { code, errors } = await format("registry-api.md", text, { printWidth: 140 });
  if (errors.length > 0) throw new Error(errors[0]!.message);
  return code;
}

function section({ method, path, query, summary, errors }: Route): string {
  const lines = [`## ${method} ${path}`, "", summary, ""];
  const parameters = Object.entries(query);
  for (const [name, meaning] of parameters) lines.push(`- \`?${name}=\` ${meaning}`);
  if (parameters.length > 0) lines.push("");
  lines.push(
    `Role: ${neededRole({ method, path }, false)}${path.startsWith("/subjects/") && method === "DELETE" ? ", for good: admin" : ""}.`,
    "",
  );
  if (errors.length > 0) lines.push(`Errors: ${errors.join(", ")}.`, "");
  return lines.join("\n");
}

export async function committedRegistryDocs(): Promise<string> {
  return await readFile(TARGET, "utf8");
}

if (import.meta.main) await writeFile(TARGET, await registryDocs());
