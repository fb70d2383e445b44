// Subjects live in contexts. ":.staging:orders-value" is the subject orders-value of the context .staging; a name without such a prefix is
// in the default context ".". Each context has ids of its own.
import { refuse } from "./registry-error.ts";

export const DEFAULT_CONTEXT = ".";
const MAX_LENGTH = 10_000;
const QUALIFIED = /^:(\.[^:]*):(.*)$/s;

export function contextOf(subject: string): string {
  return subject.startsWith(":") ? (QUALIFIED.exec(subject)?.[1] ?? DEFAULT_CONTEXT) : DEFAULT_CONTEXT;
}

export function nameInContext(subject: string): string {
  return QUALIFIED.exec(subject)?.[2] ?? subject;
}

/** The one form of a name under which it is stored: no prefix in the default context. */
export function qualified(context: string, subject: string): string {
  const given = QUALIFIED.exec(subject);
  const [inContext, name] = given === null ? [context, subject] : [given[1]!, given[2]!];
  return inContext === DEFAULT_CONTEXT ? name : `:${inContext}:${name}`;
}

/** Throws 42208: empty, too long, with control characters, or a reserved name. */
export function checkSubject(subject: string): void {
  const name = nameInContext(subject);
  // eslint-disable-next-line no-control-regex
  if (name === "" || subject.length > MAX_LENGTH || /[\u0000-\u001f\u007f]/.test(subject) || name === "__GLOBAL" || name === "__EMPTY")
    throw refuse.invalidSubject(subject);
}

/** "" or ":*:" all subjects; ":.ctx:" those of a context; otherwise qualified names that begin so. */
export function prefixFilter(prefix: string): (subject: string) => boolean {
  if (prefix === "" || prefix === ":*:") return () => true;
  if (prefix.startsWith(":*:")) return (subject) => nameInContext(subject).startsWith(prefix.slice(3));
  if (prefix.startsWith(":.:"))
    return (subject) => contextOf(subject) === DEFAULT_CONTEXT && nameInContext(subject).startsWith(prefix.slice(3));
  return (subject) => subject.startsWith(prefix);
}
