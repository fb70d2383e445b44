// A host in this thread: tests, simulations, embedding. User code that spins stops everything here; `run` and `dev` use a worker.
import type { Env } from "../../env/env.ts";
import { buildJobGraph } from "../job-graph-builder.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import type { HostCommand, HostHandle, StartHost } from "./host-messages.ts";
import { TaskHost } from "./task-host.ts";

export function inThreadHost(env: Env, graph: StreamGraph): StartHost {
  return (deployment, onEvent): HostHandle => {
    const { parallelism, maxParallelism } = deployment;
    const host = new TaskHost(env, buildJobGraph(graph, { parallelism, maxParallelism }), deployment, onEvent);
    void host.run();
    return {
      send: (command: HostCommand) => host.send(command),
      kill: () => host.kill(),
    };
  };
}
