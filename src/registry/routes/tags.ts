// /subjects/{subject}/versions/{version}/tags: a new version out of an older one, with other tags, metadata or rules.
import { findVersion, parseVersion } from "../find-schema.ts";
import { mergeRules, registerSchema } from "../register-schema.ts";
import { refuse } from "../registry-error.ts";
import {
  bodyNumber,
  bodyObject,
  flag,
  metadataOf,
  ruleSetOf,
  subjectOf,
  type RegistryContext,
  type RegistryRequest,
} from "../registry-request.ts";
import { registeredBody } from "../response-body.ts";
import type { Route } from "../route.ts";
import { withVersionProperty } from "../same-schema.ts";
import type { RuleSet } from "../schema-entry.ts";
import { changeTags, parseTags } from "../schema-tags.ts";
import { aliased } from "../scope.ts";

async function modifyTags({ store, parsing, now }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const given = subjectOf(request);
  const spec = parseVersion(request.path["version"]!);
  const body = bodyObject(request);
  const add = parseTags(body["tagsToAdd"], "tagsToAdd");
  const remove = parseTags(body["tagsToRemove"], "tagsToRemove");
  const version = bodyNumber(body, "newVersion");
  const metadata = metadataOf(body["metadata"]);
  const ruleSet = ruleSetOf(body["ruleSet"]);
  const merged = ruleSetOf(body["rulesToMerge"]);
  const dropped = namesOf(body["rulesToRemove"]);
  return await store.change((state) => {
    const subject = aliased(state, given);
    const entry = findVersion(state, subject, spec, false);
    const latest = state.versions(subject, true).at(-1)!.version;
    if (version !== undefined && version !== latest + 1)
      throw refuse.invalidSchema(`newVersion is ${version}, expected ${latest + 1}: one more than the latest version`);
    const content = {
      ...changeTags(entry, { add, remove }),
      metadata: withVersionProperty(metadata ?? entry.metadata, latest + 1),
      ruleSet: withoutRules(mergeRules(ruleSet ?? entry.ruleSet, merged), dropped),
    };
    const normalize = flag(request, "normalize");
    const { records, result } = registerSchema(state, parsing, {
      subject,
      content,
      derived: true,
      normalize,
      id: undefined,
      version,
      now: now(),
    });
    return { records, result: registeredBody(result) };
  });
}

function namesOf(value: unknown): ReadonlySet<string> {
  if (value === undefined || value === null) return new Set();
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
    throw refuse.unprocessable("rulesToRemove: expected an array of names");
  return new Set(value);
}

function withoutRules(ruleSet: RuleSet | undefined, dropped: ReadonlySet<string>): RuleSet | undefined {
  if (ruleSet === undefined || dropped.size === 0) return ruleSet;
  const kept = Object.entries(ruleSet).map(([kind, rules]: [string, unknown]) => [
    kind,
    Array.isArray(rules) ? rules.filter((rule) => !dropped.has((rule as { name: string }).name)) : rules,
  ]);
  return Object.fromEntries(kept) as RuleSet;
}

export const TAG_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/subjects/{subject}/versions/{version}/tags",
    query: { normalize: "true: texts that mean the same count as the same" },
    summary:
      "Registers a new version made of one that is there: tagsToAdd and tagsToRemove in the text, metadata and ruleSet in place of its own, rulesToMerge, rulesToRemove; newVersion must be the next one.",
    errors: [40401, 40402, 409, 42201, 42202, 42205, 42210],
    handle: modifyTags,
  },
];
