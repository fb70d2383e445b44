// /associations: which subjects the keys and values of topics have.
import {
  associationBody,
  associationsIn,
  lifecycleOf,
  RESOURCE_TYPE,
  resourceOf,
  specOf,
  specsOf,
  typeOf,
  type Association,
  type Resource,
} from "../association.ts";
import type { AssociationFilter } from "../association-index.ts";
import { checkAssociations, deleteAssociations, putAssociations, type AssociationRequest } from "../change-associations.ts";
import { registerSchema } from "../register-schema.ts";
import { RegistryError, refuse } from "../registry-error.ts";
import type { RegistryState } from "../registry-state.ts";
import {
  bodyObject,
  flag,
  NO_CONTENT,
  page,
  subjectOf,
  type JsonObject,
  type RegistryContext,
  type RegistryRequest,
} from "../registry-request.ts";
import { versionBody } from "../response-body.ts";
import { contextName, type Route } from "../route.ts";
import type { SchemaEntry } from "../schema-entry.ts";
import type { Change } from "../schema-store.ts";
import { modeInScope } from "../scope.ts";

const FILTER = {
  resourceType: "the resource's type; topic, if it is left out",
  associationType: "key or value (repeatable); all, if it is left out",
  lifecycle: "STRONG or WEAK; both, if it is left out",
  offset: "how many to leave out",
  limit: "how many at most; negative: all",
} as const;
const CONTEXT = "of the subjects that name none";
const DRY_RUN = "true: checks all and changes nothing; the resource needs no id";
const CHANGE_ERRORS = [409, 40903, 40904, 40905, 40907, 40908, 42201, 42205, 42212] as const;
const MAX_BATCH = 1000;

function filterOf({ query }: RegistryRequest): AssociationFilter {
  return {
    resourceType: query.get("resourceType") || RESOURCE_TYPE,
    associationTypes: query.getAll("associationType"),
    lifecycle: lifecycleOf(query.get("lifecycle")),
  };
}

/** A context in front of the path, or in the query. */
function contextOf({ query, context, scoped }: RegistryRequest): string {
  const given = query.get("context");
  return scoped || given === null || given === "" ? context : contextName(given);
}

async function list(
  { store }: RegistryContext,
  request: RegistryRequest,
  find: (all: RegistryState["associations"], filter: AssociationFilter) => Association[],
): Promise<unknown> {
  const filter = filterOf(request);
  return await store.read((state) => page(request, find(state.associations, filter)).map(associationBody));
}

async function change(context: RegistryContext, request: RegistryRequest, createOnly: boolean): Promise<unknown> {
  const dryRun = flag(request, "dryRun");
  const given = bodyObject(request);
  const id = request.path["resourceId"];
  if (id !== undefined && (given["resourceId"] ?? id) !== id)
    throw refuse.invalidAssociation("resourceId", "Resource ID in the path parameter does not match the resource ID in the request body");
  const body = id === undefined ? given : { ...given, resourceId: id };
  const resource = resourceOf(body, dryRun);
  const wanted = { resource, specs: specsOf(body, resource, createOnly), context: contextOf(request), createOnly };
  const { associations, schemas } = await apply(context, wanted, dryRun);
  return responseBody(resource, associations, schemas);
}

interface Applied {
  readonly associations: readonly Association[];
  /** By association type. */
  readonly schemas: ReadonlyMap<string, SchemaEntry>;
}

/** First all checks, then the schemas, then the associations. */
async function apply({ store, parsing, now, newGuid }: RegistryContext, request: AssociationRequest, dryRun: boolean): Promise<Applied> {
  const schemas = new Map<string, SchemaEntry>();
  const resolved = await store.read((state) => checkAssociations(state, parsing, request));
  if (dryRun) return { associations: [], schemas };
  for (const { subject, schema, normalize, associationType } of resolved) {
    if (schema === undefined || (await store.read((state) => modeInScope(state, subject))) === "IMPORT") continue;
    const registration = { subject, content: schema, normalize, id: undefined, version: undefined, now: now() };
    schemas.set(associationType, await store.change((state) => registerSchema(state, parsing, registration)));
  }
  const associations = await store.change((state) => putAssociations(state, parsing, request, now(), newGuid));
  return { associations, schemas };
}

function responseBody(resource: Resource, associations: readonly Association[], schemas: ReadonlyMap<string, SchemaEntry>): JsonObject {
  const { resourceName, resourceNamespace, resourceId, resourceType } = resource;
  const list = associations.map(({ subject, associationType, lifecycle, frozen }) => {
    const schema = schemas.get(associationType);
    return { subject, associationType, lifecycle, frozen, ...(schema === undefined ? {} : { schema: versionBody(schema) }) };
  });
  return {
    resourceName,
    resourceNamespace,
    ...(resourceId === "" ? {} : { resourceId }),
    resourceType,
    ...(list.length === 0 ? {} : { associations: list }),
  };
}

/** Of each request its result or its error; one that is refused does not stop the others. */
async function batch(request: RegistryRequest, handle: (body: JsonObject) => Promise<JsonObject>): Promise<unknown> {
  const requests = bodyObject(request)["requests"];
  if (!Array.isArray(requests) || requests.length === 0) throw refuse.invalidAssociation("requests", "cannot be null or empty");
  if (requests.length > MAX_BATCH) throw refuse.associationBatchTooLarge();
  const results: JsonObject[] = [];
  for (const each of requests as unknown[]) {
    try {
      results.push({ result: await handle((typeof each === "object" && each !== null ? each : {}) as JsonObject) });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      results.push({ error: { error_code: error.code, message: error.message } });
    }
  }
  return { results };
}

async function remove(
  store: RegistryContext["store"],
  resourceId: string,
  filter: AssociationFilter,
  cascade: boolean,
  dryRun: boolean,
): Promise<number> {
  const decide = (state: RegistryState): Change<number> => deleteAssociations(state, resourceId, filter, cascade);
  return dryRun ? await store.read((state) => decide(state).result) : await store.change(decide);
}

async function mutate(context: RegistryContext, request: RegistryRequest, body: JsonObject, dryRun: boolean): Promise<JsonObject> {
  const resource = resourceOf(body, dryRun);
  const schemas = new Map<string, SchemaEntry>();
  const { resourceId, resourceType } = resource;
  for (const each of associationsIn(body)) {
    const { opType } = each;
    if (opType === "DELETE") {
      const cascade = each["cascadeLifecycle"] === true;
      const filter = { resourceType, associationTypes: [typeOf(each["associationType"])] };
      await remove(context.store, resourceId, filter, cascade, dryRun);
      if (cascade) context.parsing.forget();
    } else if (opType === "CREATE" || opType === "UPSERT") {
      const createOnly = opType === "CREATE";
      const wanted = { resource, specs: [specOf(each, resource, createOnly)], context: contextOf(request), createOnly };
      for (const [type, schema] of (await apply(context, wanted, dryRun)).schemas) schemas.set(type, schema);
    } else throw refuse.invalidAssociation("opType", "must be CREATE, UPSERT or DELETE");
  }
  const now = dryRun ? [] : await context.store.read((state) => state.associations.ofResourceId(resourceId, { resourceType }));
  return responseBody(resource, now, schemas);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function find({ store }: RegistryContext, body: JsonObject, withSchemas: boolean): Promise<JsonObject> {
  const [resourceId, name] = [textOf(body["resourceId"]), textOf(body["resourceName"])];
  if (resourceId === undefined && name === undefined) throw refuse.invalidAssociation("resourceName", "cannot be null or empty");
  const types = Array.isArray(body["associationTypes"]) ? (body["associationTypes"] as string[]) : [];
  const resourceType = textOf(body["resourceType"]) ?? RESOURCE_TYPE;
  const filter = { resourceType, associationTypes: types, lifecycle: lifecycleOf(body["lifecycle"]) };
  const namespace = textOf(body["resourceNamespace"]);
  return await store.read((state) => {
    const found =
      resourceId === undefined
        ? state.associations.ofResource(name!, namespace ?? "-", filter)
        : state.associations.ofResourceId(resourceId, filter);
    const schemas = new Map<string, SchemaEntry>();
    for (const { associationType, subject } of withSchemas ? found : []) {
      const latest = state.versions(subject).at(-1);
      if (latest !== undefined) schemas.set(associationType, latest);
    }
    const resource = {
      resourceName: name ?? found[0]?.resourceName,
      resourceNamespace: namespace ?? found[0]?.resourceNamespace,
      resourceId: resourceId ?? found[0]?.resourceId ?? "",
      resourceType,
    };
    return responseBody(resource as Resource, found, schemas);
  });
}

export const ASSOCIATION_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/associations/subjects/{subject}",
    query: FILTER,
    summary: "Lists the associations of a subject.",
    errors: [42212],
    handle: (context, request) => list(context, request, (all, filter) => all.ofSubject(subjectOf(request), filter)),
  },
  {
    method: "GET",
    path: "/associations/resources/{resourceId}",
    query: FILTER,
    summary: "Lists the associations of a resource by its id.",
    errors: [42212],
    handle: (context, request) => list(context, request, (all, filter) => all.ofResourceId(request.path["resourceId"]!, filter)),
  },
  {
    method: "GET",
    path: "/associations/resources/{resourceNamespace}/{resourceName}",
    query: FILTER,
    summary: 'Lists the associations of a resource by its name and namespace; the namespace "-" is any.',
    errors: [42212],
    handle: (context, request) =>
      list(context, request, (all, filter) => all.ofResource(request.path["resourceName"]!, request.path["resourceNamespace"]!, filter)),
  },
  {
    method: "POST",
    path: "/associations",
    query: { context: CONTEXT, dryRun: DRY_RUN },
    summary:
      "Makes associations of a resource: resourceName, resourceNamespace, resourceId, and associations, each with associationType (key, or value), subject (:.NAMESPACE:NAME-TYPE, if it is left out) and lifecycle (WEAK, if it is left out). With a schema, which is registered, it is strong and frozen. What is there already in the same way stays.",
    errors: CHANGE_ERRORS,
    handle: (context, request) => change(context, request, true),
  },
  {
    method: "PUT",
    path: "/associations/resources/{resourceId}",
    query: { context: CONTEXT, dryRun: DRY_RUN },
    summary: "Makes associations of a resource, or changes them: lifecycle, and with a schema a new version of the subject.",
    errors: CHANGE_ERRORS,
    handle: (context, request) => change(context, request, false),
  },
  {
    method: "DELETE",
    path: "/associations/resources/{resourceId}",
    query: {
      resourceType: FILTER.resourceType,
      associationType: FILTER.associationType,
      cascadeLifecycle: "true: the subjects of strong associations are deleted, too, for good",
      dryRun: "true: checks all and changes nothing",
    },
    summary: "Deletes associations of a resource; answers 204.",
    errors: [40410, 40908, 42205, 42206],
    handle: async ({ store, parsing }, request) => {
      const cascade = flag(request, "cascadeLifecycle");
      const found = await remove(store, request.path["resourceId"]!, filterOf(request), cascade, flag(request, "dryRun"));
      if (found === 0) throw refuse.associationNotFound(request.path["resourceId"]!);
      if (cascade) parsing.forget();
      return NO_CONTENT;
    },
  },
  {
    method: "POST",
    path: "/associations:batchGet",
    query: { includeSchemas: "true: with the latest schema of each subject" },
    summary:
      "Finds associations of many resources: requests, each with resourceId or resourceName and resourceNamespace, and resourceType, associationTypes, lifecycle. Answers results, each with result or error.",
    errors: [42212],
    handle: (context, request) => batch(request, (body) => find(context, body, flag(request, "includeSchemas"))),
  },
  {
    method: "POST",
    path: "/associations:batchMutate",
    query: { context: CONTEXT, dryRun: DRY_RUN },
    summary:
      "Changes associations of many resources: requests, each with a resource and associations that have an opType, CREATE, UPSERT or DELETE (with cascadeLifecycle). Answers results, each with result or error.",
    errors: [42212, 42213],
    handle: (context, request) => batch(request, (body) => mutate(context, request, body, flag(request, "dryRun"))),
  },
];
