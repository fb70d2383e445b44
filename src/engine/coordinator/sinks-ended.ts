// What a cancel has ended of what sinks had prepared, as the status shows it and as sentences.

export interface SinksEnded {
  /** Epoch ms. */
  readonly at: number;
  /** The checkpoint whose output stands; undefined: the job had none. */
  readonly checkpoint?: number;
  readonly sinks: readonly SinkEnded[];
  /** Why nothing was ended at all: another process runs the job, or its checkpoints cannot be read. */
  readonly refused?: string;
}

export interface SinkEnded {
  readonly sink: string;
  /** Transactions (or files) that the checkpoint names: committed now, or before. Undefined: the sink does not count. */
  readonly committed?: number;
  /** Those that no checkpoint names. */
  readonly aborted?: number;
  /** Why it is not ended: the next start of the job does it, or another cancel. */
  readonly error?: string;
}

export function isEnded(ended: SinksEnded | undefined): boolean {
  return ended !== undefined && ended.refused === undefined && ended.sinks.every(({ error }) => error === undefined);
}

/** One line per sink, or the one why there is nothing. */
export function sinksEndedText({ at, checkpoint, sinks, refused }: SinksEnded): readonly string[] {
  if (refused !== undefined) return [`What its sinks had prepared is still open: ${refused}`];
  const when = new Date(at).toISOString();
  return sinks.map(({ sink, committed, aborted, error }) => {
    if (error !== undefined) return `What sink "${sink}" had prepared is still open: ${error}`;
    if (committed === undefined || aborted === undefined) return `What sink "${sink}" had prepared was ended at ${when}.`;
    const stands = checkpoint === undefined ? "" : `${committed} committed with checkpoint ${checkpoint}, `;
    return `What sink "${sink}" had prepared was ended at ${when}: ${stands}${aborted} that no checkpoint names aborted.`;
  });
}
