// ListPartitionReassignments (46): version 0. No partition ever moves. KIP-455.
import { newListPartitionReassignmentsResponse } from "../../protocol/generated/list-partition-reassignments.gen.ts";
import { defineApi } from "../api.ts";

export const listPartitionReassignments = defineApi("ListPartitionReassignments", {
  handle: () => newListPartitionReassignmentsResponse({ errorMessage: null }),
});
