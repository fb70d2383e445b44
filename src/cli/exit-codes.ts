// What the process says about its end. Stable: scripts depend on the numbers.
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  /** Or timed out. */
  unreachable: 4,
  /** In use, exists already, or incompatible. */
  conflict: 5,
  jobFailed: 10,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
