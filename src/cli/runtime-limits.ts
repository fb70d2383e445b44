// Limits of the runtime that a whole process shares, so only the command line may set them, before worker threads compile anything.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Of bytecode inlined into one function: the generated loop of a chain with dozens of lambdas stays one loop. V8's own is 920. */
const INLINED_BYTECODE = 20_000;
/** fdatasync calls that run at once; the pool has 4 threads unless told before its first use. */
export const FILE_THREADS = 16;

export function raiseRuntimeLimits(): void {
  process.env["UV_THREADPOOL_SIZE"] ??= String(FILE_THREADS);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE}`);
}

/** The heap of a process that only serves may grow by so much of what lived at the last full collection. V8's own is up to 300 %. */
const HEAP_GROWTH_PERCENT = 60;
/** A full collection after the start, when the first clients have their answers. */
const FIRST_COLLECTION_MS = 1_000;

/**
 * For a process that only serves: its young generation keeps the size that it has (some megabytes) instead of growing to some 100 MB of garbage.
 * Requests live shortly and their bytes lie outside of the heap, so nothing is slower; user code that makes objects would be. With thousands of
 * requests in work at once many get old before they are answered, and V8 would begin to collect these at 100 MB: it goes by what lived at the
 * last full collection, so there has to be one.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  setTimeout(collect, FIRST_COLLECTION_MS).unref();
}

/** Node gives no other way to it without a flag of the process. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  setFlagsFromString("--no-expose-gc");
}
