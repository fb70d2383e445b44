// Ranges of message versions: "3+", "0-12", "4", "none". Both ends included; an empty range is undefined.

export interface Versions {
  readonly from: number;
  readonly to: number;
}

export function parseVersions(text: string): Versions {
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text);
  if (!match) throw new Error(`"${text}" is no range of versions: write "3+", "0-12" or "4".`);
  const from = Number(match[1]);
  if (match[2] === "+") return { from, to: Infinity };
  return { from, to: match[3] === undefined ? from : Number(match[3]) };
}

/** undefined for "none". */
export function parseOptionalVersions(text: string): Versions | undefined {
  return text === "none" ? undefined : parseVersions(text);
}

export function intersect(a: Versions, b: Versions): Versions | undefined {
  const from = Math.max(a.from, b.from);
  const to = Math.min(a.to, b.to);
  return from <= to ? { from, to } : undefined;
}

/** The smallest range with both in it. */
export function hull(a: Versions, b: Versions): Versions {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

export function includes(versions: Versions | undefined, version: number): boolean {
  return versions !== undefined && version >= versions.from && version <= versions.to;
}
