// All messages with their tables and codecs in one list, for tests that hold for every one of them.
import type { ByteReader } from "../../bytes/reader.ts";
import type { ByteWriter } from "../../bytes/writer.ts";
import { ALL_APIS } from "../apis.ts";
import { readConsumerProtocolAssignment, writeConsumerProtocolAssignment } from "../generated/consumer-protocol-assignment.gen.ts";
import { readConsumerProtocolSubscription, writeConsumerProtocolSubscription } from "../generated/consumer-protocol-subscription.gen.ts";
import { APIS } from "../tables/all.ts";
import { consumerProtocolAssignment } from "../tables/consumer-protocol-assignment.ts";
import { consumerProtocolSubscription } from "../tables/consumer-protocol-subscription.ts";
import type { Fields } from "../tables/table.ts";
import { parseVersions, type Versions } from "../tables/versions.ts";

export interface Codec {
  readonly name: string;
  readonly versions: Versions;
  readonly fields: Fields;
  read(r: ByteReader, version: number): unknown;
  write(w: ByteWriter, message: never, version: number): void;
}

export const CODECS: readonly Codec[] = [
  ...ALL_APIS.flatMap((api): Codec[] => {
    const table = APIS.find((candidate) => candidate.key === api.key)!;
    const versions = parseVersions(table.versions);
    return [
      { name: `${api.name}Request`, versions, fields: table.request, read: api.readRequest, write: api.writeRequest },
      { name: `${api.name}Response`, versions, fields: table.response, read: api.readResponse, write: api.writeResponse },
    ];
  }),
  {
    name: "ConsumerProtocolSubscription",
    versions: parseVersions(consumerProtocolSubscription.versions),
    fields: consumerProtocolSubscription.fields,
    read: readConsumerProtocolSubscription,
    write: writeConsumerProtocolSubscription,
  },
  {
    name: "ConsumerProtocolAssignment",
    versions: parseVersions(consumerProtocolAssignment.versions),
    fields: consumerProtocolAssignment.fields,
    read: readConsumerProtocolAssignment,
    write: writeConsumerProtocolAssignment,
  },
];
