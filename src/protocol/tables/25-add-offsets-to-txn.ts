// A group's offsets join a transaction (KIP-98).
import { api } from "./table.ts";

export const addOffsetsToTxn = api(25, "AddOffsetsToTxn", {
  versions: "0-4",
  flexible: "3+",
  request: {
    transactionalId: "string 0+",
    producerId: "int64 0+",
    producerEpoch: "int16 0+",
    groupId: "string 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
  },
});
