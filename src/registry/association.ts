// Associations: which subject a resource's keys or values have. A resource is a topic of a cluster (its namespace); it has one association of
// each type. STRONG: the subject is the resource's alone; WEAK: several may have it. Frozen: a strong one whose schema came with it and stays.
import { refuse } from "./registry-error.ts";
import type { SchemaContent } from "./schema-entry.ts";
import { contentOf, type JsonObject } from "./registry-request.ts";

export type Lifecycle = "STRONG" | "WEAK";

export interface Resource {
  readonly resourceName: string;
  readonly resourceNamespace: string;
  readonly resourceId: string;
  readonly resourceType: string;
}

export interface Association extends Resource {
  /** Qualified. */
  readonly subject: string;
  readonly guid: string;
  readonly associationType: string;
  readonly lifecycle: Lifecycle;
  readonly frozen: boolean;
  /** Epoch ms. */
  readonly createTs?: number;
  readonly updateTs?: number;
}

/** What a request says of one association; what it leaves out is the existing one's, or the default. */
export interface AssociationSpec {
  readonly subject: string;
  readonly associationType: string;
  readonly lifecycle: Lifecycle | undefined;
  readonly frozen: boolean | undefined;
  readonly schema: SchemaContent | undefined;
  readonly normalize: boolean;
}

export const RESOURCE_TYPE = "topic";
const TYPES = ["key", "value"];
const MAX_NAME = 256;
const MAX_SPECS = 100;

/** `dryRun`: nothing is written, so the resource needs no id. Throws 42212. */
export function resourceOf(body: JsonObject, dryRun: boolean): Resource {
  const resourceName = nameOf(body["resourceName"], "resourceName");
  const resourceNamespace = nameOf(body["resourceNamespace"], "resourceNamespace");
  const resourceId = body["resourceId"] ?? "";
  if (typeof resourceId !== "string" || (resourceId === "" && !dryRun))
    throw refuse.invalidAssociation("resourceId", "cannot be null or empty");
  const resourceType = body["resourceType"] ?? "";
  if (resourceType !== "" && resourceType !== RESOURCE_TYPE) throw refuse.invalidAssociation("resourceType", `must be '${RESOURCE_TYPE}'`);
  return { resourceName, resourceNamespace, resourceId, resourceType: RESOURCE_TYPE };
}

/** Throws 42212. */
export function specsOf(body: JsonObject, resource: Resource, createOnly: boolean): AssociationSpec[] {
  const list = associationsIn(body);
  const specs = list.map((each) => specOf(each, resource, createOnly));
  const types = specs.map(({ associationType }) => associationType);
  const twice = types.find((type, i) => types.indexOf(type) < i);
  if (twice !== undefined) throw refuse.invalidAssociation("associationType", `Duplicate association type: ${twice}`);
  if (new Set(specs.flatMap(({ frozen }) => frozen ?? [])).size > 1) throw refuse.invalidAssociation("frozen", MIXED);
  return specs;
}

export const MIXED = "all associations for a resource must be consistently frozen or non-frozen";

/** Throws 42212. */
export function associationsIn(body: JsonObject): JsonObject[] {
  const list = body["associations"];
  if (!Array.isArray(list) || list.length === 0) throw refuse.invalidAssociation("associations", "cannot be null or empty");
  if (list.length > MAX_SPECS) throw refuse.invalidAssociation("associations", `more than ${MAX_SPECS}`);
  return list.map((each: unknown) => (typeof each === "object" && each !== null ? each : {}) as JsonObject);
}

/** Throws 42201, 42210 or 42212. */
export function specOf(body: JsonObject, resource: Resource, createOnly: boolean): AssociationSpec {
  const associationType = typeOf(body["associationType"]);
  const schema = body["schema"] === undefined || body["schema"] === null ? undefined : contentOf(body["schema"] as JsonObject);
  let frozen = booleanOf(body["frozen"], "frozen");
  let lifecycle = lifecycleOf(body["lifecycle"]);
  if (lifecycle === "WEAK" && schema !== undefined) throw refuse.invalidAssociation("lifecycle", "cannot be WEAK when schema is provided");
  if (lifecycle === "WEAK" && frozen === true) throw refuse.invalidAssociation("frozen", WEAK_FROZEN);
  if (createOnly) {
    if (schema !== undefined && frozen === false)
      throw refuse.invalidAssociation("frozen", "cannot be false when schema is provided for create");
    if (schema === undefined && frozen === true) throw refuse.invalidAssociation("schema", NO_SCHEMA);
    frozen = schema !== undefined;
    lifecycle ??= schema === undefined ? "WEAK" : "STRONG";
  }
  const subject = body["subject"] ?? defaultSubject(resource, associationType);
  // eslint-disable-next-line no-control-regex
  if (typeof subject !== "string" || subject === "" || /[\u0000-\u001f\u007f-\u009f]/.test(subject))
    throw refuse.invalidAssociation("subject", "must not be empty");
  return { subject, associationType, lifecycle, frozen, schema, normalize: booleanOf(body["normalize"], "normalize") ?? false };
}

export const WEAK_FROZEN = "association with lifecycle of WEAK cannot be frozen";
export const NO_SCHEMA = "schema must be provided when creating a frozen association";

/** The subject that an association has if none is named: in a context of the resource's namespace. */
export function defaultSubject({ resourceNamespace, resourceName }: Resource, associationType: string): string {
  return `:.${resourceNamespace}:${resourceName}-${associationType}`;
}

/** Throws 42212. */
export function typeOf(value: unknown): string {
  if (value === undefined || value === null || value === "") return "value";
  if (!TYPES.includes(value as string)) throw refuse.invalidAssociation("associationType", "must be either 'key' or 'value'");
  return value as string;
}

/** Throws 42212. */
export function lifecycleOf(value: unknown): Lifecycle | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (value === "STRONG" || value === "WEAK") return value;
  throw refuse.invalidAssociation("lifecycle", "must be STRONG or WEAK");
}

/** Letters, digits, "_" and "-", and what else a topic's name may have. */
function nameOf(value: unknown, property: string): string {
  if (typeof value !== "string" || value === "") throw refuse.invalidAssociation(property, "cannot be null or empty");
  if (value.length > MAX_NAME) throw refuse.invalidAssociation(property, `exceeds max length of ${MAX_NAME}`);
  const wrong = /[^\p{L}\p{Nd}_.-]/u.exec(value);
  if (wrong !== null) throw refuse.invalidAssociation(property, `illegal character '${wrong[0]}'`);
  return value;
}

function booleanOf(value: unknown, property: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw refuse.invalidAssociation(property, "must be true or false");
}

/** As clients see it. */
export function associationBody(association: Association): JsonObject {
  const { subject, guid, resourceName, resourceNamespace, resourceId, resourceType, ...rest } = association;
  return { subject, guid, resourceName, resourceNamespace, resourceId, resourceType, ...rest };
}
