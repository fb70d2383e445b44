// Limits of the runtime that a whole process shares, so only the command line may set them, before worker threads compile anything.
import { setFlagsFromString } from "node:v8";

/** Of bytecode inlined into one function: the generated loop of a chain with dozens of lambdas stays one loop. V8's own is 920. */
const INLINED_BYTECODE = 20_000;
/** fdatasync calls that run at once; the pool has 4 threads unless told before its first use. */
export const FILE_THREADS = 16;

export function raiseRuntimeLimits(): void {
  process.env["UV_THREADPOOL_SIZE"] ??= String(FILE_THREADS);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE}`);
}

/**
 * For a process that only serves: its young generation keeps the size that it starts with (a megabyte) instead of growing to some 100 MB of
 * garbage. Requests live shortly and their bytes lie outside of the heap, so nothing is slower; user code that makes objects would be.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
