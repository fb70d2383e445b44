// Mistakes that a careful reader would look for in a log and a stream processor, built in at the places where they would be made, so that
// the simulation can prove that it finds each of them (docs/reliability.md). Invariant: nothing but the simulation plants any, and
// where none is planted every check here is one comparison, outside of loops over records.

export const PLANTED_FAULTS = [
  "no-fsync",
  "no-directory-sync",
  "acknowledged-before-sync",
  "no-checksum-at-recovery",
  "recovered-tail-not-flushed",
  "suspect-pages-trusted",
  "no-deduplication",
  "open-transactions-shown",
  "aborted-not-told",
  "marker-missing",
  "abort-marked-as-commit",
  "producer-ids-repeat",
  "group-offset-acknowledged-early",
  "transaction-timeouts-not-renewed",
  "commit-before-manifest",
  "manifest-not-flushed",
  "timers-not-restored",
  "key-group-lost",
  "position-off-by-one",
  "prepared-not-committed",
  "prepared-before-flush",
  "high-watermark-before-sync",
  "torn-tail-kept",
  "aborted-offsets-kept",
  "log-start-not-kept",
  "waiting-calls-lost",
  "join-rows-not-restored",
  "barrier-overtakes-row",
  "snapshot-not-frozen",
] as const;
export type PlantedFault = (typeof PLANTED_FAULTS)[number];

let planted: PlantedFault | undefined;

export function isPlanted(fault: PlantedFault): boolean {
  return planted === fault;
}

/** One at a time, in this thread; undefined: none. */
export function plantFault(fault: PlantedFault | undefined): void {
  planted = fault;
}
