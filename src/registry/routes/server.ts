// What is asked of the server itself: is it there, which cluster, which contexts.
import { deleteContext } from "../delete-schema.ts";
import { NO_CONTENT, page } from "../registry-request.ts";
import { contextName, type Route } from "../route.ts";

export const SERVER_ROUTES: readonly Route[] = [
  { method: "GET", path: "/", query: {}, summary: "Answers an empty object: the registry is up.", errors: [], handle: async () => ({}) },
  { method: "POST", path: "/", query: {}, summary: "Answers an empty object, too.", errors: [], handle: async () => ({}) },
  {
    method: "GET",
    path: "/contexts",
    query: {
      contextPrefix: "only contexts that begin so",
      offset: "how many to leave out",
      limit: "how many at most; negative: all",
    },
    summary: 'Lists the contexts; the default one is ".".',
    errors: [],
    handle: async ({ store }, request) =>
      await store.read((state) => {
        const prefix = request.query.get("contextPrefix") ?? "";
        return page(
          request,
          state.contexts().filter((context) => context.startsWith(prefix)),
        );
      }),
  },
  {
    method: "DELETE",
    path: "/contexts/{context}",
    query: {},
    summary:
      "Takes away the settings of a context that has no subjects, not even soft-deleted ones; answers 204. Its ids are not given again.",
    errors: [40401, 42205, 42211],
    handle: async ({ store }, request) => {
      const context = contextName(request.path["context"]!);
      await store.change((state) => deleteContext(state, context));
      return NO_CONTENT;
    },
  },
  {
    method: "GET",
    path: "/v1/metadata/id",
    query: {},
    summary: "Names the Kafka cluster and the topic's registry.",
    errors: [],
    handle: async ({ store }) => ({
      scope: { path: [], clusters: { "kafka-cluster": (await store.clusterId()) ?? "", "schema-registry-cluster": "schema-registry" } },
      id: "",
    }),
  },
  {
    method: "GET",
    path: "/v1/metadata/deployment",
    query: {},
    summary: "Names what is special about the deployment: nothing.",
    errors: [],
    handle: async () => ({ attributes: [] }),
  },
  {
    method: "GET",
    path: "/v1/metadata/version",
    query: {},
    summary: "Answers the registry's version.",
    errors: [],
    handle: async ({ version }) => ({ version, commitId: "" }),
  },
];
