// The associations that the topic has, by what they are looked up by. Invariant: each stands in all three maps, or in none.
import type { Association, Lifecycle } from "./association.ts";

export interface AssociationFilter {
  /** Any if left out, as with all of these. */
  readonly resourceType?: string | undefined;
  /** Empty: any. */
  readonly associationTypes?: readonly string[] | undefined;
  readonly lifecycle?: Lifecycle | undefined;
}

type Index = Map<string, Set<Association>>;

export class AssociationIndex {
  readonly #byKey = new Map<string, Association>();
  readonly #byId: Index = new Map();
  readonly #byName: Index = new Map();
  readonly #bySubject: Index = new Map();

  /** `association` null: takes away the one with the key. */
  set(key: string, association: Association | null): void {
    const before = this.#byKey.get(key);
    if (before !== undefined) {
      this.#byKey.delete(key);
      for (const [index, name] of this.#places(before)) forget(index, name, before);
    }
    if (association === null) return;
    this.#byKey.set(key, association);
    for (const [index, name] of this.#places(association)) add(index, name, association);
  }

  ofSubject(subject: string, filter: AssociationFilter = {}): Association[] {
    return found(this.#bySubject.get(subject), filter);
  }

  ofResourceId(resourceId: string, filter: AssociationFilter = {}): Association[] {
    return found(this.#byId.get(resourceId), filter);
  }

  /** `namespace` "-": any. */
  ofResource(name: string, namespace: string, filter: AssociationFilter = {}): Association[] {
    return found(this.#byName.get(name), filter).filter((each) => namespace === "-" || each.resourceNamespace === namespace);
  }

  #places({ resourceId, resourceName, subject }: Association): [Index, string][] {
    return [
      [this.#byId, resourceId],
      [this.#byName, resourceName],
      [this.#bySubject, subject],
    ];
  }
}

function add(index: Index, name: string, association: Association): void {
  const there = index.get(name);
  if (there === undefined) index.set(name, new Set([association]));
  else there.add(association);
}

function forget(index: Index, name: string, association: Association): void {
  const there = index.get(name);
  there?.delete(association);
  if (there?.size === 0) index.delete(name);
}

/** By resource, then type. */
function found(among: ReadonlySet<Association> | undefined, filter: AssociationFilter): Association[] {
  const { resourceType, associationTypes = [], lifecycle } = filter;
  return [...(among ?? [])]
    .filter(
      (each) =>
        (resourceType === undefined || each.resourceType === resourceType) &&
        (associationTypes.length === 0 || associationTypes.includes(each.associationType)) &&
        (lifecycle === undefined || each.lifecycle === lifecycle),
    )
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function orderOf({ resourceName, resourceNamespace, resourceType, associationType, subject }: Association): string {
  return [resourceName, resourceNamespace, resourceType, associationType, subject].join("\u0000");
}
