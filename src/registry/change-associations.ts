// Making, changing and deleting associations, decided on the state alone. A request with schemas is decided twice: before they are registered,
// so that nothing is registered for a request that is refused, and after, when the associations are written.
import type { Association, AssociationSpec, Resource } from "./association.ts";
import type { AssociationFilter } from "./association-index.ts";
import { defaultSubject, MIXED, NO_SCHEMA, WEAK_FROZEN } from "./association.ts";
import { purgeSubject } from "./delete-schema.ts";
import { lookUp } from "./find-schema.ts";
import { checkRegistration } from "./register-schema.ts";
import { RegistryError, refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import type { Change } from "./schema-store.ts";
import type { SchemaParsing } from "./schema-parsing.ts";
import { aliased, checkWritable, modeInScope } from "./scope.ts";
import { qualified } from "./subject-name.ts";
import type { TopicRecord } from "./topic-record.ts";

export interface AssociationRequest {
  readonly resource: Resource;
  readonly specs: readonly AssociationSpec[];
  /** Of subjects that name none. */
  readonly context: string;
  readonly createOnly: boolean;
}

/** A spec with its subject as it is stored, and the association that is there. */
export interface Resolved extends AssociationSpec {
  readonly existing: Association | undefined;
  /** Nothing changes. */
  readonly same: boolean;
}

/** Throws 42201, 42205, 42212, 409, 40903, 40904, 40905, 40907 or 40908. */
export function checkAssociations(state: RegistryState, parsing: SchemaParsing, request: AssociationRequest): Resolved[] {
  const resolved = resolve(state, parsing, request, false);
  for (const { subject, schema, normalize } of resolved)
    if (schema !== undefined) checkRegistration(state, parsing, subject, schema, normalize);
  return resolved;
}

/** After the schemas of the request are registered. Answers the associations of the request. */
export function putAssociations(
  state: RegistryState,
  parsing: SchemaParsing,
  request: AssociationRequest,
  now: number,
  newGuid: () => string,
): Change<Association[]> {
  const resolved = resolve(state, parsing, request, true);
  const records: TopicRecord[] = [];
  const result = resolved.map(({ existing, same, subject, associationType, lifecycle, frozen }) => {
    if (existing !== undefined && same) return existing;
    const association: Association = {
      ...(existing ?? request.resource),
      subject,
      guid: existing?.guid ?? newGuid(),
      associationType,
      lifecycle: lifecycle ?? "WEAK",
      frozen: frozen ?? false,
      createTs: existing?.createTs ?? now,
      updateTs: now,
    };
    records.push({ kind: "association", key: association, association });
    return association;
  });
  return { records, result };
}

/** With `cascade` the subjects of strong ones go, too, for good. Those that are not there are none to delete. Throws 40908, 42205 or 42206. */
export function deleteAssociations(state: RegistryState, resourceId: string, filter: AssociationFilter, cascade: boolean): Change<number> {
  const found = state.associations.ofResourceId(resourceId, filter);
  const records: TopicRecord[] = [];
  for (const each of found) {
    checkWritable(state, each.subject);
    if (!cascade && each.lifecycle === "STRONG" && each.frozen) throw refuse.associationFrozen(each.associationType, each.subject);
    records.push({ kind: "association", key: each, association: null });
    if (cascade && each.lifecycle === "STRONG" && modeInScope(state, each.subject) !== "IMPORT")
      records.push(...purgeSubject(state, each.subject));
  }
  return { records, result: found.length };
}

function resolve(state: RegistryState, parsing: SchemaParsing, request: AssociationRequest, registered: boolean): Resolved[] {
  const { resource, createOnly } = request;
  const all = state.associations.ofResourceId(resource.resourceId, { resourceType: resource.resourceType });
  const frozenNow = all[0]?.frozen;
  return request.specs.map((spec) => {
    const subject = aliased(state, qualified(request.context, spec.subject));
    checkWritable(state, subject);
    const existing = all.find(({ associationType }) => associationType === spec.associationType);
    const at = withDefaults({ ...spec, subject }, existing);
    checkSubject(at, existing, resource);
    if (frozenNow !== undefined && spec.frozen !== undefined && frozenNow !== spec.frozen) throw refuse.invalidAssociation("frozen", MIXED);
    if (existing === undefined) checkNew(state, at, registered);
    const same = existing !== undefined && isSame(state, parsing, at, existing, createOnly);
    if (existing !== undefined && !same) checkUpdate({ ...spec, subject }, existing, resource, createOnly);
    checkOthers(state, at, existing);
    return { ...at, existing, same };
  });
}

/** A schema makes a new association strong; an existing one stays what it is. */
function withDefaults(spec: AssociationSpec, existing: Association | undefined): AssociationSpec {
  const { schema } = spec;
  const lifecycle = spec.lifecycle ?? existing?.lifecycle ?? (schema === undefined ? "WEAK" : "STRONG");
  return { ...spec, lifecycle, frozen: spec.frozen ?? existing?.frozen ?? false };
}

/** The subject that is a resource's by default is for strong associations, and the only one for frozen ones. */
function checkSubject(
  { subject, associationType, lifecycle, frozen }: AssociationSpec,
  existing: Association | undefined,
  of: Resource,
): void {
  const own = defaultSubject(of, associationType);
  if (subject === own && (existing ?? { lifecycle }).lifecycle !== "STRONG")
    throw refuse.invalidAssociation("subject", `subject '${own}' is only allowed for strong associations`);
  if (subject !== own && (existing ?? { frozen }).frozen === true)
    throw refuse.invalidAssociation("subject", `frozen associations must use subject '${own}'`);
}

function checkNew(state: RegistryState, { subject, frozen, schema }: AssociationSpec, registered: boolean): void {
  if (frozen !== true) return;
  if (schema === undefined) throw refuse.invalidAssociation("schema", NO_SCHEMA);
  if (!registered && state.hasLive(subject))
    throw refuse.invalidAssociation("frozen", "cannot create a frozen association when schemas already exist in the subject");
}

function isSame(state: RegistryState, parsing: SchemaParsing, spec: AssociationSpec, existing: Association, createOnly: boolean): boolean {
  const { subject, lifecycle, frozen, schema, normalize } = spec;
  if (existing.subject !== subject || existing.lifecycle !== lifecycle || existing.frozen !== frozen) return false;
  if (!createOnly || schema === undefined) return true;
  try {
    lookUp(state, parsing, subject, schema, { normalize, deleted: false });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return false;
    throw error;
  }
}

function checkUpdate(spec: AssociationSpec, existing: Association, resource: Resource, createOnly: boolean): void {
  if (createOnly) throw refuse.associationExists(existing.associationType, existing.resourceName);
  if (existing.subject !== spec.subject) throw refuse.invalidAssociation("subject", "subject of association cannot be changed");
  const own = defaultSubject(resource, existing.associationType);
  if (existing.lifecycle === "STRONG" && spec.lifecycle === "WEAK" && existing.subject === own)
    throw refuse.invalidAssociation("lifecycle", `cannot change to WEAK when subject matches default format '${own}'`);
  if (spec.frozen !== undefined && spec.frozen !== existing.frozen)
    throw refuse.invalidAssociation("frozen", "frozen attribute of association cannot be changed");
  if (existing.frozen) throw refuse.associationFrozen(existing.associationType, existing.subject);
}

/** A subject has one strong association or several weak ones, and a schema. */
function checkOthers(
  state: RegistryState,
  { subject, lifecycle, frozen, schema }: AssociationSpec,
  existing: Association | undefined,
): void {
  if (schema === undefined && !state.hasLive(subject)) throw refuse.noActiveVersion(subject);
  const others = state.associations.ofSubject(subject).filter((each) => each.guid !== existing?.guid);
  if (lifecycle === "STRONG" && others.length > 0) throw refuse.subjectAssociated(subject);
  if (lifecycle === "WEAK" && frozen === true) throw refuse.invalidAssociation("frozen", WEAK_FROZEN);
  if (lifecycle === "WEAK" && others.some((each) => each.lifecycle === "STRONG")) throw refuse.subjectStronglyAssociated(subject);
}
