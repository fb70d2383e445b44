// Lanes that need something outside the clone. A test file `*.<lane>.test.ts` belongs to its lane and is not part of `npm test`.
export const LANES: readonly string[] = ["reference", "clients", "kafka", "differential", "flink", "crash", "power", "registry"];
