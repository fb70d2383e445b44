// What the parts of the JSON Schema validator share: a failure, what has been looked at, and the walk itself.
import { fieldPath } from "../schema-error.ts";
import type { Draft } from "./schema-index.ts";

export interface Failure {
  /** Where in the value, such as "items[3].price". */
  readonly path: string;
  readonly reason: string;
  /** It is rather another kind of value than a bad one: of several choices, this one was not meant. */
  readonly isAnother?: boolean;
}

/** Which parts of a value have been looked at, for unevaluatedProperties and unevaluatedItems. */
export class Seen {
  readonly properties = new Set<string>();
  readonly items = new Set<number>();
  add(other: Seen): void {
    for (const each of other.properties) this.properties.add(each);
    for (const each of other.items) this.items.add(each);
  }
}

/** What one pass over a value needs everywhere. */
export interface Walk {
  readonly draft: Draft;
  readonly formats: boolean;
  /** A part of the value, by a part of the schema. undefined: it holds. */
  check(schema: unknown, value: unknown, path: string, seen: Seen): Failure | undefined;
}

export function inField(path: string, name: string): string {
  const own = fieldPath(name, "");
  return path === "" || own.startsWith("[") ? path + own : `${path}.${own}`;
}
