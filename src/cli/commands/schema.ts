// millrace schema ls | get | register | check | compat | mode | rm: a schema registry, ours or Confluent's, over its HTTP API.
import { readFile } from "node:fs/promises";
import { RegistryClient, RegistryClientError } from "../../registry/http/registry-client.ts";
import { contextOf, qualified } from "../../registry/subject-name.ts";
import type { SchemaReference, SchemaType } from "../../registry/schema-entry.ts";
import { CliError } from "../cli-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { runningServer } from "../find-server.ts";
import { refusalText, type About } from "../registry-refusal.ts";
import { loadSettings } from "../load-settings.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";

export interface SchemaFlags {
  readonly registry?: string;
  readonly data?: string;
  readonly json?: boolean;
  readonly type?: string;
  readonly version?: string;
  readonly permanent?: boolean;
  readonly id?: string;
  readonly reference?: readonly string[];
}

const TYPES: readonly string[] = ["AVRO", "PROTOBUF", "JSON"] satisfies SchemaType[];
const EXIT_CODES: Readonly<Record<number, ExitCode>> = { 0: EXIT.unreachable, 404: EXIT.notFound, 409: EXIT.conflict, 422: EXIT.usage };

/** --registry, SCHEMA_REGISTRY_URL, the server of --data, or the default address. */
export async function registryUrl(terminal: Terminal, flags: Pick<SchemaFlags, "registry" | "data">): Promise<string> {
  const { values } = await loadSettings(terminal, { dataDir: flags.data });
  const given = flags.registry ?? terminal.environment["SCHEMA_REGISTRY_URL"] ?? runningServer(values.dataDir)?.registry;
  const url = given ?? `http://127.0.0.1:${values.registryPort}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(EXIT.usage, `"${url}" is not the address of a registry. Write http://HOST:PORT.`);
  return url;
}

/** The work with a client; what the registry refuses becomes an exit code, and a sentence that says what `about` means for it. */
export async function asking<T>(
  terminal: Terminal,
  flags: SchemaFlags,
  work: (client: RegistryClient) => Promise<T>,
  about: About = {},
): Promise<T> {
  const client = new RegistryClient(await registryUrl(terminal, flags));
  try {
    return await work(client);
  } catch (error) {
    if (!(error instanceof RegistryClientError)) throw error;
    throw new CliError(EXIT_CODES[error.status] ?? EXIT.failed, await refusalText(client, error, about), { cause: error });
  }
}

const ID = /^(?:\d{1,10}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/i;
const json = (value: unknown): string => `${JSON.stringify(value)}\n`;
const path = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;

export async function schemaLs(flags: SchemaFlags, terminal: Terminal): Promise<void> {
  await asking(terminal, flags, async (client) => {
    const found = (await client.request("GET", "/schemas?latestOnly=true")) as {
      subject: string;
      version: number;
      id: number;
      schemaType?: string;
    }[];
    const rows = found.map(({ subject, version, id, schemaType = "AVRO" }) => ({ subject, version, id, type: schemaType }));
    await printRows(
      terminal,
      [
        { title: "subject", cell: (row) => row.subject },
        { title: "version", cell: (row) => row.version, align: "right" },
        { title: "id", cell: (row) => row.id, align: "right" },
        { title: "type", cell: (row) => row.type },
      ],
      rows,
      flags,
    );
    if (rows.length === 0 && !terminal.quiet) terminal.note(`The registry at ${client.url} has no subjects.`);
  });
}

export async function schemaGet(subject: string | undefined, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const { id } = flags;
  if ((subject === undefined) === (id === undefined))
    throw new CliError(EXIT.usage, "Say a subject, or --id ID: millrace schema get orders-value, millrace schema get --id 12.");
  if (id !== undefined && !ID.test(id)) throw new CliError(EXIT.usage, `"${id}" is not the id of a schema: write its number or its GUID.`);
  await asking(
    terminal,
    flags,
    async (client) => {
      const found =
        subject !== undefined
          ? await client.version(subject, versionOf(flags))
          : await (id!.includes("-") ? client.byGuid(id!) : client.byId(Number(id)));
      await terminal.out(flags.json === true ? json(found) : `${found.schema}\n`);
    },
    { subject },
  );
}

export async function schemaRegister(subject: string, file: string, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const text = await schemaText(file);
  const refers = flags.reference !== undefined;
  await asking(
    terminal,
    flags,
    async (client) => {
      const id = await client.register(subject, text, typeOf(file, text, flags), {
        references: await referencesOf(client, subject, flags),
      });
      await terminal.out(flags.json === true ? json({ subject, id }) : `${id}\n`);
    },
    { refers },
  );
}

/** Exit code 5 when it cannot be the next version, each reason a line; 2, as of register, when it is no schema. */
export async function schemaCheck(subject: string, file: string, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const text = await schemaText(file);
  const { messages, level, versions } = await asking(
    terminal,
    flags,
    async (client) => ({
      messages: await client.incompatibilities(subject, text, typeOf(file, text, flags), await referencesOf(client, subject, flags)),
      level: await client.compatibility(subject),
      versions: (await client.versions(subject).catch(noVersions)).length,
    }),
    { refers: flags.reference !== undefined },
  );
  const compatible = messages.length === 0;
  if (flags.json === true) await terminal.out(json({ subject, compatible, level, versions, messages }));
  else if (compatible) await terminal.out(`${versions === 0 ? first(file, subject) : next(file, subject, level)}\n`);
  else for (const message of messages) await terminal.out(`${message}\n`);
  if (!compatible) throw new CliError(EXIT.conflict, `${file} cannot be the next version of "${subject}" (${level}).`);
}

function first(file: string, subject: string): string {
  return `${file} can be registered: "${subject}" has no version yet, so there is nothing to be compatible with.`;
}

function next(file: string, subject: string, level: string): string {
  return `${file} can be the next version of "${subject}" (${level}).`;
}

function noVersions(error: unknown): readonly number[] {
  if (error instanceof RegistryClientError && error.status === 404) return [];
  throw error;
}

/** What is no name of a subject but a value for all of them. */
const VALUES = {
  config: /^(?:none|(?:backward|forward|full)(?:_transitive)?)$/i,
  mode: /^(?:readwrite|readonly|readonly_override|import|forward)$/i,
} as const;

/** Shows or sets the compatibility level ("config") or the mode, of a subject or of all. A value alone is set for all. */
export async function schemaSetting(
  what: "config" | "mode",
  subject: string | undefined,
  value: string | undefined,
  flags: SchemaFlags,
  terminal: Terminal,
): Promise<void> {
  const forAll = value === undefined && subject !== undefined && VALUES[what].test(subject);
  const [of, set] = forAll ? [undefined, subject] : [subject, value];
  const where = `/${what}${of === undefined ? "" : `/${encodeURIComponent(of)}`}`;
  const name = what === "config" ? "compatibility" : "mode";
  const answer = (await asking(terminal, flags, (client) =>
    set === undefined
      ? client.request("GET", `${where}?defaultToGlobal=true`)
      : client.request("PUT", where, { [name]: set.toUpperCase() }),
  )) as Record<string, string>;
  await terminal.out(flags.json === true ? json(answer) : `${answer["compatibilityLevel"] ?? answer[name]}\n`);
  if (forAll && !terminal.quiet) terminal.note(`It holds for all subjects that have none of their own.`);
}

export async function schemaRm(subject: string, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const version = flags.version === undefined ? undefined : versionOf(flags);
  await asking(
    terminal,
    flags,
    async (client) => {
      const where = version === undefined ? path(subject) : `${path(subject)}/versions/${version}`;
      // A permanent deletion wants a soft one first.
      const soft = await client.request("DELETE", where).catch((error: unknown) => {
        if (flags.permanent === true && error instanceof RegistryClientError && error.status === 404) return [];
        throw error;
      });
      const answer = flags.permanent === true ? await client.request("DELETE", `${where}?permanent=true`) : soft;
      await terminal.out(flags.json === true ? json({ subject, deleted: answer }) : `${[answer].flat().join(" ")}\n`);
      const how = flags.permanent === true ? "for good" : "until they are registered again; --permanent deletes for good";
      if (!terminal.quiet) terminal.note(`Deleted these versions of "${subject}" ${how}.`);
    },
    { subject, version },
  );
}

async function schemaText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.notFound, `The schema file ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** NAME=SUBJECT or NAME=SUBJECT:VERSION; subjects of a context begin with a colon, others are of the context of `owner`. */
async function referencesOf(client: RegistryClient, owner: string, { reference = [] }: SchemaFlags): Promise<readonly SchemaReference[]> {
  const references: SchemaReference[] = [];
  for (const text of reference) {
    const [, name, subject, version] = /^([^=]+)=(.+?)(?::(\d{1,10}))?$/.exec(text) ?? [];
    if (name === undefined || subject === undefined)
      throw new CliError(EXIT.usage, `--reference is NAME=SUBJECT:VERSION, such as money.proto=money-value:1, not "${text}".`);
    const found = version === undefined ? (await client.version(qualified(contextOf(owner), subject))).version : versionNumber(version);
    references.push({ name, subject, version: found });
  }
  return references;
}

/** Throws CliError. */
export function versionNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `"${text}" is not the number of a version: write 1, 2, …`);
}

function versionOf({ version = "latest" }: SchemaFlags): number | "latest" {
  return version === "latest" ? "latest" : versionNumber(version);
}

function typeOf(file: string, text: string, { type }: SchemaFlags): SchemaType {
  const given = (type ?? (file.endsWith(".proto") ? "PROTOBUF" : isJsonSchema(text) ? "JSON" : "AVRO")).toUpperCase();
  if (TYPES.includes(given)) return given as SchemaType;
  throw new CliError(EXIT.usage, `--type is one of ${TYPES.join(", ")}, not "${given}".`);
}

/** Avro's types are others than "object", and it has no such keywords. */
function isJsonSchema(text: string): boolean {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof schema !== "object" || schema === null) return false;
  return "$schema" in schema || "$ref" in schema || "properties" in schema || (schema as { type?: unknown }).type === "object";
}
