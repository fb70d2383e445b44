// A feed is an endless or finite sequence of positions. What it sends at a position depends on the position (and the seed or the file)
// alone, so a feeder that was killed goes on exactly where its last committed transaction stood.
export interface FeedRecord {
  readonly topic: "transactions" | "labels";
  readonly key: string;
  readonly value: string;
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
