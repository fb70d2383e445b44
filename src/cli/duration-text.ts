// How long something has taken, for people: "45s", "3m", "2h 10m", "5d 3h".

const STEPS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** The two largest units of a duration in milliseconds. */
export function durationText(ms: number): string {
  let left = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of STEPS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0 || parts.length > 0 || unit === "s") parts.push(count === 0 && parts.length > 0 ? "" : `${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.filter((part) => part !== "").join(" ");
}
