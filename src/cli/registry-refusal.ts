// What a schema registry refused, ours or Confluent's, as one sentence with what to type next. Asks the registry for what is there instead.
import type { RegistryClient, RegistryClientError } from "../registry/http/registry-client.ts";
import { nearest } from "../stream/nearest.ts";

/** What the command was about. */
export interface About {
  readonly subject?: string | undefined;
  readonly version?: number | "latest" | undefined;
  /** It named references. */
  readonly refers?: boolean;
}

export async function refusalText(client: RegistryClient, error: RegistryClientError, about: About): Promise<string> {
  const said = error.message.trim().replace(/\s*\n\s*/g, " ");
  const message = /[.!?]$/.test(said) ? said : `${said}.`;
  try {
    return (await explained(client, error, about, message)) ?? message;
  } catch {
    return message; // the registry does not answer that
  }
}

async function explained(client: RegistryClient, error: RegistryClientError, about: About, message: string): Promise<string | undefined> {
  if (error.status === 401)
    return `${message} They go into the address: http://USER:PASSWORD@HOST:PORT, or http://:TOKEN@HOST:PORT (--registry, SCHEMA_REGISTRY_URL).`;
  switch (error.errorCode) {
    case 40401:
      return await noSubject(client, /^Subject '(.*)' not found/.exec(message)?.[1] ?? about.subject);
    case 40402:
      return about.subject === undefined ? undefined : await noVersion(client, about.subject, /\d+/.exec(message)?.[0]);
    case 40403:
      return `${message} The registry is ${client.url}.`;
    case 40404:
    case 40406:
      return `${/^(.*) was soft deleted/.exec(message)?.[1] ?? "It"} is deleted already. --permanent deletes it for good.`;
    case 42206:
      return about.subject === undefined ? undefined : await referredTo(client, about.subject, about.version);
    case 42201:
      if (about.refers === true || !/no reference is called|there is no type|leads nowhere/.test(message)) return undefined;
      return `${message} Types of another subject's schema: --reference NAME=SUBJECT:VERSION.`;
    default:
      return undefined;
  }
}

async function noSubject(client: RegistryClient, subject: string | undefined): Promise<string | undefined> {
  if (subject === undefined) return undefined;
  const [live, all] = (await Promise.all([client.request("GET", "/subjects"), client.request("GET", "/subjects?deleted=true")])) as [string[], string[]]; // prettier-ignore
  if (all.includes(subject) && !live.includes(subject))
    return `Subject "${subject}" is deleted. Its next registration brings it back; millrace schema rm ${subject} --permanent ends it.`;
  const meant = nearest(subject, live);
  const next = meant === undefined ? "Those that there are: millrace schema ls." : `Did you mean "${meant}"?`;
  return `The registry at ${client.url} has no subject "${subject}". ${next}`;
}

async function noVersion(client: RegistryClient, subject: string, version: string | undefined): Promise<string | undefined> {
  if (version === undefined) return undefined;
  const versions = await client.versions(subject);
  return `Subject "${subject}" has no version ${version}. It has ${versions.length > 10 ? `${versions.length}, the last ones ` : ""}${versions.slice(-10).join(", ")}.`;
}

async function referredTo(client: RegistryClient, subject: string, version: About["version"]): Promise<string | undefined> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const ids = new Set<number>();
  for (const each of version === undefined ? await client.versions(subject) : [version])
    for (const id of (await client.request("GET", `${path}/${each}/referencedby`)) as number[]) ids.add(id);
  const users: string[] = [];
  for (const id of [...ids].slice(0, 5))
    for (const user of (await client.request("GET", `/schemas/ids/${id}/versions`)) as { subject: string; version: number }[])
      users.push(`"${user.subject}" version ${user.version}`);
  if (users.length === 0) return undefined;
  return `${users.join(", ")}${ids.size > 5 ? " and others" : ""} refer${users.length === 1 ? "s" : ""} to subject "${subject}"${version === undefined ? "" : ` version ${version}`}. What refers to it is deleted first: millrace schema rm.`;
}
