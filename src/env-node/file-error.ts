// Errors of the file system that do not come from Node itself (a short write, a closed handle, a simulated disk).

/** An error shaped as Node's own. */
export function fileError(code: string, operation: string, path: string, text: string): Error & { code: string; path: string } {
  return Object.assign(new Error(`${code}: ${text}, ${operation} '${path}'`), { code, syscall: operation, path });
}
