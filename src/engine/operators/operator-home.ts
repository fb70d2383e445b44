// What an operator knows of the place where it runs: its share of the keys, the clock and the host's brake.

/** What a stateful operator is told about where it runs. */
export interface OperatorHome {
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Processing time, epoch ms. */
  readonly now: () => number;
  /** Asks the host to call tick() soon: something has happened outside of it. */
  readonly wake?: () => void;
  /** Of the host: it reads nothing while somebody holds. */
  readonly pressure?: Pressure;
}

/** How many operators cannot take more elements now. */
export interface Pressure {
  held: number;
}
