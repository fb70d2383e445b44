// /config and /mode, for all subjects, one context (":.name:") or one subject.
import { refuse } from "../registry-error.ts";
import { bodyObject, flag, settingSubjectOf, type RegistryContext, type RegistryRequest } from "../registry-request.ts";
import { configBody } from "../response-body.ts";
import type { Route } from "../route.ts";
import type { RegistryState } from "../registry-state.ts";
import { checkWritable, configInScope, globalConfig, globalMode, modeInScope } from "../scope.ts";
import { DEFAULT_LEVEL, DEFAULT_MODE, parseMode, updateConfig, type Mode, type SubjectConfig } from "../subject-config.ts";
import { contextOf, DEFAULT_CONTEXT, nameInContext } from "../subject-name.ts";

const DEFAULT_TO_GLOBAL = { defaultToGlobal: "true: what holds for the subject, wherever it is set" } as const;

/** undefined: global, in the path without a subject or as the default context (":.:"). With a context in front, the context. */
function target(request: RegistryRequest): string | undefined {
  if (request.path["subject"] !== undefined) return settingSubjectOf(request) || undefined;
  return request.context === "." ? undefined : `:${request.context}:`;
}

/** Settings of a read-only subject stay; its mode can be changed. Throws 42205. */
function checkSettable(state: RegistryState, subject: string | undefined): void {
  if (subject !== undefined) return void checkWritable(state, subject);
  const mode = globalMode(state);
  if (mode === "READONLY" || mode === "READONLY_OVERRIDE") throw refuse.notPermitted("The registry is in read-only mode");
}

async function putConfig({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  const body = bodyObject(request);
  const config = await store.change((state) => {
    checkSettable(state, subject);
    const before = state.config(subject) ?? {};
    const after = updateConfig(before, body);
    return { records: [{ kind: "config", subject, config: after }], result: after };
  });
  return configBody(config, "compatibility");
}

async function deleteConfig({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  const before = await store.change<SubjectConfig>((state) => {
    checkSettable(state, subject);
    const config = state.config(subject);
    if (config === undefined && subject !== undefined) throw refuse.subjectNotFound(subject);
    const result = config ?? { compatibilityLevel: DEFAULT_LEVEL };
    return { records: config === undefined ? [] : [{ kind: "config", subject, config: null }], result };
  });
  return configBody(before, "compatibilityLevel");
}

async function putMode({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  const given = bodyObject(request)["mode"];
  const mode = given === null ? null : parseMode(given);
  const force = flag(request, "force");
  return await store.change<{ mode: Mode | null }>((state) => {
    const name = subject === undefined ? "" : nameInContext(subject);
    const concerned = state
      .subjects()
      .filter((each) => subject === undefined || (name === "" ? contextOf(each) === contextOf(subject) : each === subject));
    const current = subject === undefined ? globalMode(state) : modeInScope(state, subject);
    if (mode === "IMPORT" && current !== "IMPORT" && !force && concerned.length > 0)
      throw refuse.notPermitted("Cannot import since found existing subjects");
    return { records: [{ kind: "mode", subject, mode }], result: { mode } };
  });
}

async function deleteMode({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  const recursive = flag(request, "recursive");
  return await store.change<{ mode: Mode | null }>((state) => {
    const mode = state.mode(subject);
    if (mode === undefined && subject !== undefined && !recursive) throw refuse.subjectNotFound(subject);
    const gone = mode === undefined ? [] : [subject];
    if (recursive && (subject === undefined || nameInContext(subject) === ""))
      gone.push(...state.subjectsWithMode(subject === undefined ? DEFAULT_CONTEXT : contextOf(subject)));
    const records = gone.map((each) => ({ kind: "mode", subject: each, mode: null }) as const);
    return { records, result: { mode: mode ?? (recursive ? null : DEFAULT_MODE) } };
  });
}

async function getConfig({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  return await store.read((state) => {
    if (subject === undefined) return configBody(globalConfig(state), "compatibilityLevel");
    if (flag(request, "defaultToGlobal")) return configBody(configInScope(state, subject), "compatibilityLevel");
    const config = state.config(subject);
    if (config === undefined) throw refuse.noSubjectConfig(subject);
    return configBody(config, "compatibilityLevel");
  });
}

async function getMode({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = target(request);
  return await store.read((state) => {
    const global = globalMode(state);
    if (subject === undefined || global === "READONLY_OVERRIDE") return { mode: global };
    const mode = flag(request, "defaultToGlobal") ? modeInScope(state, subject) : state.mode(subject);
    if (mode === undefined) throw refuse.noSubjectMode(subject);
    return { mode };
  });
}

export const SETTING_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/config",
    query: { defaultToGlobal: "accepted; this is the global one" },
    summary: "Answers the settings that hold unless a subject has its own.",
    errors: [],
    handle: getConfig,
  },
  {
    method: "PUT",
    path: "/config",
    query: {},
    summary: "Changes them: what the body leaves out stays, null takes a setting away. The level is called compatibility.",
    errors: [422, 42203],
    handle: putConfig,
  },
  {
    method: "DELETE",
    path: "/config",
    query: {},
    summary: "Goes back to the defaults; answers what was set.",
    errors: [],
    handle: deleteConfig,
  },
  {
    method: "GET",
    path: "/config/{subject}",
    query: DEFAULT_TO_GLOBAL,
    summary: "Answers a subject's own settings.",
    errors: [40408],
    handle: getConfig,
  },
  {
    method: "PUT",
    path: "/config/{subject}",
    query: {},
    summary: "Changes a subject's settings.",
    errors: [422, 42203],
    handle: putConfig,
  },
  {
    method: "DELETE",
    path: "/config/{subject}",
    query: {},
    summary: "Takes a subject's settings away; answers what they were.",
    errors: [40401],
    handle: deleteConfig,
  },
  {
    method: "GET",
    path: "/mode",
    query: { defaultToGlobal: "accepted; this is the global one" },
    summary: "Answers the mode that holds unless a subject has its own.",
    errors: [],
    handle: getMode,
  },
  {
    method: "PUT",
    path: "/mode",
    query: { force: "true: IMPORT although there are subjects" },
    summary:
      "Sets it: READWRITE, READONLY, READONLY_OVERRIDE (over all subjects), IMPORT or FORWARD (ids are given); null: goes back to READWRITE.",
    errors: [42204, 42205],
    handle: putMode,
  },
  {
    method: "DELETE",
    path: "/mode",
    query: { recursive: "true: the modes of all subjects of the context, too" },
    summary: "Goes back to READWRITE; answers what was set.",
    errors: [],
    handle: deleteMode,
  },
  {
    method: "GET",
    path: "/mode/{subject}",
    query: DEFAULT_TO_GLOBAL,
    summary: "Answers a subject's own mode.",
    errors: [40409],
    handle: getMode,
  },
  {
    method: "PUT",
    path: "/mode/{subject}",
    query: { force: "true: IMPORT although the subject has versions" },
    summary: "Sets a subject's mode.",
    errors: [42204, 42205],
    handle: putMode,
  },
  {
    method: "DELETE",
    path: "/mode/{subject}",
    query: { recursive: "true, for a context (:.NAME:): the modes of all its subjects, too" },
    summary: "Takes a subject's mode away; answers what it was.",
    errors: [40401],
    handle: deleteMode,
  },
];
