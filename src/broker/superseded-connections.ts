// Some requests carry nothing that tells a late one from a timely one: those of a transaction before version 2 (KIP-890), which has one epoch
// for all transactions of a producer; InitProducerId, which takes a transactional id from whoever has it and aborts what it has prepared; a
// group member's OffsetCommit within one generation, which sets the offset back. A client that opens a new connection for the same purpose
// has given the older one up: such requests that still arrive there are refused, by closing it. A client that does use both opens a new
// one and goes on. What remains is a request that is overtaken on the same connection, which TCP rules out.
import type { ApiName, RequestOf } from "../protocol/apis.ts";
import { BATCH_HEADER_BYTES, readBatchHeader } from "../protocol/records/batch-header.ts";

const MAX_TRACKED_OWNERS = 10_000;
/** From these versions on a request belongs to transactions version 2, whose epochs tell transactions apart. */
const PRODUCE_VERSION_2 = 12;
const END_VERSION_2 = 5;
const OFFSETS_VERSION_2 = 5;
const SEVERAL_TRANSACTIONS = 4;

/** Clients use connections of their own for each of these. */
export type ConnectionUse = "produce" | "transaction" | "offsets";

/** A producer id, a transactional id ("id/…") or a member of a group ("member/…"). */
type Owner = number | string;

interface Tracked {
  readonly epoch: number;
  /** Number of the newest connection, by use. */
  readonly newest: Record<ConnectionUse, number>;
}

export class SupersededConnections {
  /** The one used longest ago first. */
  readonly #owners = new Map<Owner, Tracked>();
  readonly #limit: number;

  constructor(limit = MAX_TRACKED_OWNERS) {
    this.#limit = limit;
  }

  /** A request of this owner arrived on a connection; true if a newer one has been used for the same purpose since. */
  isSuperseded({ owner, epoch, use }: OwnedRequest, connection: number): boolean {
    if (typeof owner === "number" && owner < 0) return false;
    const known = this.#owners.get(owner);
    // An older epoch is refused for that reason already.
    if (known !== undefined && epoch < known.epoch) return false;
    if (known?.epoch === epoch && connection < known.newest[use]) return true;
    const fresh = known?.epoch === epoch ? known : { epoch, newest: { produce: -1, transaction: -1, offsets: -1 } };
    fresh.newest[use] = connection;
    this.#owners.delete(owner);
    this.#owners.set(owner, fresh);
    if (this.#owners.size > this.#limit) this.#owners.delete(this.#owners.keys().next().value!);
    return false;
  }
}

export class SupersededError extends Error {
  override readonly name = "SupersededError";
  readonly code = "SUPERSEDED_CONNECTION";

  constructor() {
    super("A request that only its order tells from a timely one came over a connection although its sender has used a newer one since");
  }
}

export interface OwnedRequest {
  readonly owner: Owner;
  /** What an older one asks is refused for that reason already. */
  readonly epoch: number;
  readonly use: ConnectionUse;
}

/** Whose order a request depends on; undefined: it carries what tells. */
export function ownedRequest(api: ApiName, request: unknown, version: number): OwnedRequest | undefined {
  switch (api) {
    case "Produce": {
      const { transactionalId, topicData } = request as RequestOf<"Produce">;
      if (version >= PRODUCE_VERSION_2 || transactionalId === null) return undefined;
      const records = topicData[0]?.partitionData[0]?.records;
      if (records === null || records === undefined || records.length < BATCH_HEADER_BYTES) return undefined;
      const { producerId, producerEpoch } = readBatchHeader(records, 0);
      return { owner: producerId, epoch: producerEpoch, use: "produce" };
    }
    case "AddPartitionsToTxn": {
      const { v3AndBelowProducerId, v3AndBelowProducerEpoch } = request as RequestOf<"AddPartitionsToTxn">;
      if (version >= SEVERAL_TRANSACTIONS) return undefined;
      return { owner: v3AndBelowProducerId, epoch: v3AndBelowProducerEpoch, use: "transaction" };
    }
    case "AddOffsetsToTxn":
      return { ...identityOf(request as RequestOf<"AddOffsetsToTxn">), use: "transaction" };
    case "EndTxn":
      return version >= END_VERSION_2 ? undefined : { ...identityOf(request as RequestOf<"EndTxn">), use: "transaction" };
    case "TxnOffsetCommit":
      return version >= OFFSETS_VERSION_2 ? undefined : { ...identityOf(request as RequestOf<"TxnOffsetCommit">), use: "offsets" };
    case "InitProducerId": {
      const { transactionalId } = request as RequestOf<"InitProducerId">;
      return transactionalId === null ? undefined : { owner: `id/${transactionalId}`, epoch: 0, use: "transaction" };
    }
    case "OffsetCommit": {
      const { groupId, memberId } = request as RequestOf<"OffsetCommit">;
      // Without a member nobody says whose order it is. A member's number is that of one process.
      return memberId === "" ? undefined : { owner: `member/${groupId}/${memberId}`, epoch: 0, use: "offsets" };
    }
    default:
      return undefined;
  }
}

function identityOf({ producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }) {
  return { owner: producerId, epoch: producerEpoch };
}
