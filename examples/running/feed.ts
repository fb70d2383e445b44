// A feed is an endless or finite sequence of positions. What it sends at a position depends on the position (and the seed or the file)
// alone, so a feeder that was killed goes on exactly where its last committed transaction stood.
export interface FeedRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  /** A JSON object that gets the producer's clock as its last field, "sentAt", while the traffic is live. */
  readonly stamped?: boolean;
}

export interface Feed {
  /** Written into the position topic; a data directory is fed by one feed only. */
  readonly name: string;
  /** Prepares to continue after `position` records' worth of input (0 = from the start). */
  seek(position: number): Promise<void>;
  /** Event time that the feed has reached, epoch ms. */
  readonly time: number;
  /** Appends what belongs to the next position to `into`; false at the end. */
  next(into: FeedRecord[]): Promise<boolean> | boolean;
}

/** What the user asked for: seeded live traffic, or a file. */
export type FeedSource =
  | {
      readonly kind: "live";
      readonly seed: number;
      /** Positions per second of wall time. */
      readonly rate: number;
      /** Seconds of event time per second of wall time. */
      readonly speed: number;
    }
  | { readonly kind: "file"; readonly path: string; readonly speed: number };

export type LiveSource = FeedSource & { kind: "live" };

/** A feed module exports this as `feedOf`; it runs in the feeder's thread. */
export type FeedOf = (source: FeedSource) => Feed;
