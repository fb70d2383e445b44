// Fetch sessions (KIP-227): the broker remembers which partitions a client reads and from where, so that a request names only what
// changed and an answer only what has news. Memory only; a session that is gone is answered so that the client starts a new one.
// Invariant: every accepted incremental request moves its session's epoch, so no request is served twice.
import type { Clock, Random } from "../env/clock.ts";
import { buggify } from "../env/fault-points.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { FetchPartition, FetchRequest, PartitionData } from "../protocol/generated/fetch.gen.ts";
import { ZERO_UUID, type Uuid } from "../protocol/primitives.ts";

/** One partition of a request or of a session. */
export interface FetchItem {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly request: FetchPartition;
}

/** What a request reads, and which session its answer belongs to. */
export interface FetchContext {
  readonly items: readonly FetchItem[];
  /** Kept for the client from this request on, or already. 0: none. */
  readonly sessionId: number;
  /** Whether an answer of this partition has to be told. Called once for every partition of the answer, in order. */
  tells(item: FetchItem, answer: PartitionData): boolean;
}

interface Kept {
  item: FetchItem;
  /** As last told; −1 after an error, so that the partition is told again. */
  highWatermark: number;
  logStartOffset: number;
}

interface FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  /** In the order in which they are read; those that had records go to the end. */
  readonly partitions: Map<string, Kept>;
  epoch: number;
  /** Monotonic ms. */
  lastUsed: number;
}

const FULL = 0;
const NO_SESSION = -1;
const MAX_INT = 0x7fffffff;
/** A session that was not used for this long makes room for any other: Kafka's own figure. */
const IDLE_MS = 120_000;
/** Partitions kept over all sessions: beyond it clients send full requests. */
const MAX_PARTITIONS = 1_000_000;

export class FetchSessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #slots: number;
  readonly #sessions = new Map<number, FetchSession>();
  #partitions = 0;
  #evictions = 0;

  constructor(clock: Clock, random: Random, slots: number) {
    this.#clock = clock;
    this.#random = random;
    this.#slots = slots;
  }

  get metrics(): { readonly sessions: number; readonly partitions: number; readonly evictions: number } {
    return { sessions: this.#sessions.size, partitions: this.#partitions, evictions: this.#evictions };
  }

  /** An error code instead of a context: the answer is nothing but that. */
  begin(request: FetchRequest, usesTopicIds: boolean): FetchContext | number {
    if (request.sessionEpoch === FULL || request.sessionEpoch === NO_SESSION) {
      const former = this.#sessions.get(request.sessionId);
      if (former !== undefined) this.#remove(former);
      const items = itemsOf(request);
      const session = request.sessionEpoch === FULL ? this.#create(items, usesTopicIds) : undefined;
      return session === undefined ? sessionless(items) : this.#context(session, true);
    }
    const session = this.#sessions.get(request.sessionId);
    if (session === undefined || buggify("fetch-session-forgotten")) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== request.sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    if (session.usesTopicIds !== usesTopicIds) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    this.#update(session, request);
    if (session.partitions.size === 0) {
      this.#remove(session);
      return sessionless(itemsOf(request));
    }
    session.epoch = session.epoch === MAX_INT ? 1 : session.epoch + 1;
    session.lastUsed = this.#clock.monotonicMs();
    return this.#context(session, false);
  }

  #context(session: FetchSession, full: boolean): FetchContext {
    const items = [...session.partitions.values()].map(({ item }) => item);
    return {
      items,
      sessionId: session.id,
      tells: (item, answer) => {
        const key = keyOf(item);
        const kept = session.partitions.get(key);
        const news = kept === undefined || hasNews(kept, answer);
        if (kept !== undefined) {
          const failed = answer.errorCode !== ErrorCode.NONE;
          kept.highWatermark = failed ? -1 : answer.highWatermark;
          kept.logStartOffset = failed ? -1 : answer.logStartOffset;
          // A new session has the order of its first answer.
          if (full || (answer.records?.length ?? 0) > 0) {
            session.partitions.delete(key);
            session.partitions.set(key, kept);
          }
        }
        return full || news;
      },
    };
  }

  #update(session: FetchSession, request: FetchRequest): void {
    for (const item of itemsOf(request)) {
      const key = keyOf(item);
      const kept = session.partitions.get(key);
      if (kept !== undefined) kept.item = item;
      else {
        session.partitions.set(key, { item, highWatermark: -1, logStartOffset: -1 });
        this.#partitions++;
      }
    }
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) if (session.partitions.delete(partitionKeyOf(topic, topicId, partition))) this.#partitions--;
    }
  }

  #create(items: readonly FetchItem[], usesTopicIds: boolean): FetchSession | undefined {
    if (!this.#makeRoom(items.length)) return undefined;
    let id = 0;
    while (id === 0 || this.#sessions.has(id)) id = 1 + (this.#random.uint32() % (MAX_INT - 1));
    const partitions = new Map(items.map((item) => [keyOf(item), { item, highWatermark: -1, logStartOffset: -1 }]));
    const session: FetchSession = { id, usesTopicIds, partitions, epoch: 1, lastUsed: this.#clock.monotonicMs() };
    this.#sessions.set(id, session);
    this.#partitions += partitions.size;
    return session;
  }

  /** The session that was idle for longest goes if it was for long enough, else the smallest if the new one is larger. */
  #makeRoom(size: number): boolean {
    if (this.#slots <= 0 || size > MAX_PARTITIONS) return false;
    const idleSince = this.#clock.monotonicMs() - IDLE_MS;
    while (this.#sessions.size >= this.#slots || this.#partitions + size > MAX_PARTITIONS) {
      let oldest: FetchSession | undefined;
      let smallest: FetchSession | undefined;
      for (const session of this.#sessions.values()) {
        if (oldest === undefined || session.lastUsed < oldest.lastUsed) oldest = session;
        if (smallest === undefined || session.partitions.size < smallest.partitions.size) smallest = session;
      }
      const victim = oldest!.lastUsed < idleSince ? oldest! : smallest!.partitions.size < size ? smallest! : undefined;
      if (victim === undefined) return false;
      this.#remove(victim);
      this.#evictions++;
    }
    return true;
  }

  #remove(session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#partitions -= session.partitions.size;
  }
}

function hasNews(kept: Kept, answer: PartitionData): boolean {
  if (answer.errorCode !== ErrorCode.NONE || (answer.records?.length ?? 0) > 0) return true;
  return answer.highWatermark !== kept.highWatermark || answer.logStartOffset !== kept.logStartOffset;
}

function sessionless(items: readonly FetchItem[]): FetchContext {
  return { items, sessionId: 0, tells: () => true };
}

/** A partition that is named twice is read once, as it was said last. */
function itemsOf({ topics }: FetchRequest): readonly FetchItem[] {
  const items = topics.flatMap(({ topic, topicId, partitions }) => partitions.map((request) => ({ topic, topicId, request })));
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return byKey.size === items.length ? items : [...byKey.values()];
}

function keyOf({ topic, topicId, request }: FetchItem): string {
  return partitionKeyOf(topic, topicId, request.partition);
}

function partitionKeyOf(topic: string, topicId: Uuid, partition: number): string {
  return `${topicId === ZERO_UUID ? topic : topicId}:${partition}`;
}
