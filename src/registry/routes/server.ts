// What is asked of the server itself: is it there, which cluster, which contexts.
import type { Route } from "../route.ts";

export const SERVER_ROUTES: readonly Route[] = [
  { method: "GET", path: "/", query: {}, summary: "Answers an empty object: the registry is up.", errors: [], handle: async () => ({}) },
  {
    method: "GET",
    path: "/contexts",
    query: {},
    summary: 'Lists the contexts; the default one is ".".',
    errors: [],
    handle: async ({ store }) => await store.read((state) => state.contexts()),
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
    path: "/v1/metadata/version",
    query: {},
    summary: "Answers the registry's version.",
    errors: [],
    handle: async ({ version }) => ({ version, commitId: "" }),
  },
];
