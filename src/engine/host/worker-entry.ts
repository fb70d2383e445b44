// The first engine module of a worker thread: imports the user's module again, checks that it builds the same graph, and runs a host.
import type { Env } from "../../env/env.ts";
import type { ThreadChannel } from "../../env/threads.ts";
import { buildJobGraph } from "../job-graph-builder.ts";
import { describeFailure } from "../coordinator/job-failure.ts";
import type { Deployment, HostCommand, HostEvent } from "./host-messages.ts";
import { loadPipelineGraph } from "./load-pipeline.ts";
import { TaskHost } from "./task-host.ts";

export interface WorkerInput {
  readonly moduleUrl: string;
  readonly deployment: Deployment;
}

export async function start(env: Env, channel: ThreadChannel): Promise<void> {
  const { moduleUrl, deployment } = channel.data as WorkerInput;
  const emit = (event: HostEvent) => channel.post(event);
  const early: HostCommand[] = [];
  let send: (command: HostCommand) => void = (command) => early.push(command);
  channel.onMessage((command) => send(command as HostCommand));
  try {
    const graph = await loadPipelineGraph(moduleUrl, deployment.job, deployment.graphHash);
    const { parallelism, maxParallelism } = deployment;
    const host = new TaskHost(env, buildJobGraph(graph, { parallelism, maxParallelism }), deployment, emit);
    send = (command) => host.send(command);
    for (const command of early) host.send(command);
    await host.run();
  } catch (error) {
    emit({ kind: "failed", failure: describeFailure(error, env.clock.now()) });
    emit({ kind: "closed" });
  }
  channel.close();
}
