// Transactions before version 2 (KIP-890) have one epoch for all transactions of a producer, so a request that was delayed on the way could
// end or extend a later transaction than it meant. A client that opens a new connection for the same purpose has given the older one up:
// transactional requests that still arrive there are refused, by closing it. A client that does use both opens a new one and goes on.
// What remains is a request that is overtaken on the same connection, which TCP rules out.
import type { ApiName, RequestOf } from "../protocol/apis.ts";
import { BATCH_HEADER_BYTES, readBatchHeader } from "../protocol/records/batch-header.ts";

const MAX_TRACKED_PRODUCERS = 10_000;
/** From these versions on a request belongs to transactions version 2, whose epochs tell transactions apart. */
const PRODUCE_VERSION_2 = 12;
const END_VERSION_2 = 5;
const OFFSETS_VERSION_2 = 5;
const SEVERAL_TRANSACTIONS = 4;

/** Clients use connections of their own for each of these. */
export type ConnectionUse = "produce" | "transaction" | "offsets";

interface Producer {
  readonly epoch: number;
  /** Number of the newest connection, by use. */
  readonly newest: Record<ConnectionUse, number>;
}

export class SupersededConnections {
  /** By producer id, the one used longest ago first. */
  readonly #producers = new Map<number, Producer>();
  readonly #limit: number;

  constructor(limit = MAX_TRACKED_PRODUCERS) {
    this.#limit = limit;
  }

  /** A request of this producer arrived on a connection; true if a newer one has been used for the same purpose since. */
  isSuperseded(producerId: number, producerEpoch: number, use: ConnectionUse, connection: number): boolean {
    if (producerId < 0) return false;
    const known = this.#producers.get(producerId);
    // An older epoch is refused for that reason already.
    if (known !== undefined && producerEpoch < known.epoch) return false;
    if (known?.epoch === producerEpoch && connection < known.newest[use]) return true;
    const fresh = known?.epoch === producerEpoch ? known : { epoch: producerEpoch, newest: { produce: -1, transaction: -1, offsets: -1 } };
    fresh.newest[use] = connection;
    this.#producers.delete(producerId);
    this.#producers.set(producerId, fresh);
    if (this.#producers.size > this.#limit) this.#producers.delete(this.#producers.keys().next().value!);
    return false;
  }
}

export class SupersededError extends Error {
  override readonly name = "SupersededError";
  readonly code = "SUPERSEDED_CONNECTION";

  constructor() {
    super("A transactional request came over a connection although its producer has used a newer one since");
  }
}

export interface TransactionalUse {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly use: ConnectionUse;
}

/** Whose transaction a request of version 1 means; undefined for all other requests. */
export function transactionalUse(api: ApiName, request: unknown, version: number): TransactionalUse | undefined {
  switch (api) {
    case "Produce": {
      const { transactionalId, topicData } = request as RequestOf<"Produce">;
      if (version >= PRODUCE_VERSION_2 || transactionalId === null) return undefined;
      const records = topicData[0]?.partitionData[0]?.records;
      if (records === null || records === undefined || records.length < BATCH_HEADER_BYTES) return undefined;
      const { producerId, producerEpoch } = readBatchHeader(records, 0);
      return { producerId, producerEpoch, use: "produce" };
    }
    case "AddPartitionsToTxn": {
      const { v3AndBelowProducerId, v3AndBelowProducerEpoch } = request as RequestOf<"AddPartitionsToTxn">;
      if (version >= SEVERAL_TRANSACTIONS) return undefined;
      return { producerId: v3AndBelowProducerId, producerEpoch: v3AndBelowProducerEpoch, use: "transaction" };
    }
    case "AddOffsetsToTxn":
      return { ...identityOf(request as RequestOf<"AddOffsetsToTxn">), use: "transaction" };
    case "EndTxn":
      return version >= END_VERSION_2 ? undefined : { ...identityOf(request as RequestOf<"EndTxn">), use: "transaction" };
    case "TxnOffsetCommit":
      return version >= OFFSETS_VERSION_2 ? undefined : { ...identityOf(request as RequestOf<"TxnOffsetCommit">), use: "offsets" };
    default:
      return undefined;
  }
}

function identityOf({ producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }) {
  return { producerId, producerEpoch };
}
