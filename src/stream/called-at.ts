// Finds the user's call: the first stack frame above a public function, as "file:line".

/** `entry`: the public function that the user called; frames up to it are left out. */
export function calledAt(entry: (...args: never[]) => unknown): string | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, entry);
  return firstFrame(holder.stack ?? "");
}

export function firstFrame(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const match = /^(.+):(\d+):\d+$/.exec(placeOf(line.trim()));
    if (match === null || match[1]!.startsWith("node:")) continue;
    const path = match[1]!.startsWith("file://") ? decodeURIComponent(match[1]!.slice("file://".length)) : match[1]!;
    return `${path.replace(/[?#].*$/, "")}:${match[2]!}`;
  }
  return undefined;
}

/** "at name (place)" or "at place". */
function placeOf(frame: string): string {
  if (!frame.startsWith("at ")) return "";
  const open = frame.indexOf(" (");
  return open >= 0 && frame.endsWith(")") ? frame.slice(open + 2, -1) : frame.slice(3).replace(/^async /, "");
}
