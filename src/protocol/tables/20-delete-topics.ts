// Topics to delete, by name or, from version 6, by id (KIP-516).
import { api, list } from "./table.ts";

export const deleteTopics = api(20, "DeleteTopics", {
  versions: "1-6",
  flexible: "4+",
  request: {
    topics: list("DeleteTopicState", "6+", {
      name: "string? 6+ default=null",
      topicId: "uuid 6+",
    }),
    topicNames: "[]string 0-5 ignorable",
    timeoutMs: "int32 0+",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    responses: list("DeletableTopicResult", "0+", {
      name: "string? 0+ nullable=6+",
      topicId: "uuid 6+ ignorable",
      errorCode: "int16 0+",
      errorMessage: "string? 5+ default=null ignorable",
    }),
  },
});
