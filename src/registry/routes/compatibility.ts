// /compatibility: would a schema be accepted? Nothing is changed.
import { compatibilityMessages } from "../compatibility-check.ts";
import { findVersion, parseVersion } from "../find-schema.ts";
import { previousVersions } from "../register-schema.ts";
import { bodyObject, contentOf, flag, subjectOf, type RegistryContext, type RegistryRequest } from "../registry-request.ts";
import { RegistryError, refuse } from "../registry-error.ts";
import { reservedFieldMessages } from "../reserved-fields.ts";
import type { RegistryState } from "../registry-state.ts";
import type { Route } from "../route.ts";
import type { SchemaEntry } from "../schema-entry.ts";
import { aliased, configInScope } from "../scope.ts";

const QUERY = {
  verbose: "true: says why not, in messages, also of a schema that cannot be understood",
  normalize: "accepted; the verdict does not depend on it",
} as const;

async function check(
  { store, parsing }: RegistryContext,
  request: RegistryRequest,
  against: (state: RegistryState, subject: string) => readonly SchemaEntry[],
): Promise<unknown> {
  const given = subjectOf(request);
  const content = contentOf(bodyObject(request));
  const verbose = flag(request, "verbose");
  const messages = await store.read((state) => {
    const subject = aliased(state, given);
    const config = configInScope(state, subject);
    const versions = against(state, subject);
    const candidate = parsing.tryParse(state, subject, content);
    if (candidate instanceof RegistryError) {
      if (verbose) return [candidate.message];
      throw candidate;
    }
    const metadata = content.metadata ?? state.versions(subject).at(-1)?.metadata;
    const previous = previousVersions(state, parsing, versions, { ...content, metadata }, config);
    const reserved = reservedFieldMessages(candidate, metadata, versions.at(-1)?.metadata, config);
    return [...reserved, ...compatibilityMessages(candidate, previous, config)];
  });
  return { is_compatible: messages.length === 0, ...(verbose ? { messages } : {}) };
}

export const COMPATIBILITY_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/compatibility/subjects/{subject}/versions",
    query: QUERY,
    summary: "Checks a schema against the versions that the subject's level asks for.",
    errors: [42201],
    handle: async (context, request) => await check(context, request, (state, subject) => state.versions(subject)),
  },
  {
    method: "POST",
    path: "/compatibility/subjects/{subject}/versions/{version}",
    query: QUERY,
    summary: 'Checks a schema against one version; a subject without versions is compatible with its "latest".',
    errors: [40402, 42201, 42202],
    handle: async (context, request) => {
      const spec = parseVersion(request.path["version"]!);
      return await check(context, request, (state, subject) => {
        if (!state.hasLive(subject) && spec !== "latest") throw refuse.versionNotFound(spec);
        return state.hasLive(subject) ? [findVersion(state, subject, spec, false)] : [];
      });
    },
  },
];
