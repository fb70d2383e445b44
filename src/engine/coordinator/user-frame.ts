// Where in the user's own files an error came from: the first frame of its stack that is neither ours, nor Node's, nor a package's.

/** Of this package: its sources, or what was built of them. */
const OWN = new URL("../../", import.meta.url).href;
/** Here rows enter a chain: frames below are those of whoever runs the job. */
const ENTRY = "/engine/subtask/chain-subtask.";
const FRAME = /^at (?:.*\()?(?:async )?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*:\d+:\d+)\)?$/;

/** "path:line:column"; undefined: no frame is the user's. */
export function userFrame(stack: string | undefined): string | undefined {
  for (const line of stack?.split("\n") ?? []) {
    const place = FRAME.exec(line.trim())?.[1];
    if (place?.includes(ENTRY)) return undefined;
    if (place === undefined || isForeign(place)) continue;
    return place.startsWith("file://") ? pathOf(place) : place;
  }
  return undefined;
}

function isForeign(place: string): boolean {
  if (place.includes("node:") || place.includes("/node_modules/")) return true;
  return (place.startsWith(OWN) || place.startsWith(pathOf(OWN))) && !/\.test\.ts[?:]/.test(place);
}

/** Without the query that tells versions of a module apart. */
function pathOf(url: string): string {
  const bare = url.replace(/^file:\/\//, "").replace(/\?[^:]*(?=:\d+:\d+$)/, "");
  try {
    return decodeURI(bare);
  } catch {
    return bare;
  }
}
