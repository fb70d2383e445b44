// Parts of Confluent's API that this registry does not have: they answer 501 with what it is and what to do, so that nobody takes a plain 404
// for a wrong address. Associations of subjects with topics are not there either, but clients ask for them and know a 404 as "there is none".
import { RegistryError } from "../registry-error.ts";

interface Unsupported {
  /** Paths that are this one or lie below it. */
  readonly path: string;
  readonly what: string;
}

export const UNSUPPORTED: readonly Unsupported[] = [
  { path: "/exporters", what: "exporters (schema linking)" },
  { path: "/dek-registry", what: "encryption keys (the DEK registry)" },
  { path: "/catalog", what: "the stream catalog" },
];
/** Below a subject. */
const PROVENANCE = /^\/subjects\/[^/]+\/provenance\/?$/;

/** The refusal, if `path` (without a context in front) is one of these. */
export function unsupported(path: string): RegistryError | undefined {
  const found = UNSUPPORTED.find((each) => path === each.path || path.startsWith(`${each.path}/`));
  const what = found?.what ?? (PROVENANCE.test(path) ? "column provenance" : undefined);
  return what === undefined
    ? undefined
    : new RegistryError(501, 501, `This registry does not have ${what}. docs/registry-api.md lists what it has.`);
}
