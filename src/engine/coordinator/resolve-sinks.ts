// A job that is cancelled (while it runs, or after it has failed) will not come back by itself: what its sinks have prepared is ended now. What the last checkpoint names is
// committed, since that checkpoint stands; everything else is aborted, or it would hold back readers of committed records, for ever
// where the broker keeps prepared transactions without a timeout (KIP-939).
import type { Env } from "../../env/env.ts";
import type { SinkConnector } from "../../stream/connector.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import type { RestorePoint } from "../checkpoint/checkpoint-manifest.ts";
import { fromBase64 } from "../../bytes/base64.ts";
import type { SinkEnded } from "./sinks-ended.ts";

/** How long a cancelled job may take for it; the next start of the job does what is left. */
const RESOLVE_LIMIT_MS = 5000;

export interface ResolveSinksOptions {
  readonly job: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly restore: RestorePoint | undefined;
}

/** Never rejects; resolves to what became of each sink, in the order of the graph. */
export async function resolveSinks(env: Env, graph: StreamGraph, options: ResolveSinksOptions): Promise<readonly SinkEnded[]> {
  const ended = new Map<string, SinkEnded>();
  const work = graph.nodes.map(async (node) => {
    if (node.kind !== "sink") return;
    ended.set(node.name, { sink: node.name, error: `no answer within ${RESOLVE_LIMIT_MS} ms.` });
    let connector: SinkConnector | undefined;
    try {
      connector = node.sink.create({ env, job: options.job, operator: node.name, settings: options.settings });
      const recovered = await connector.recover((options.restore?.manifest.committables[node.name] ?? []).map(fromBase64));
      ended.set(node.name, { sink: node.name, ...recovered });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      ended.set(node.name, { sink: node.name, error: cause });
      env.logger.log("warn", "sink-not-resolved", { job: options.job, operator: node.name, cause });
    } finally {
      await connector?.close?.();
    }
  });
  const limit = Promise.withResolvers<void>();
  const timer = env.timers.after(RESOLVE_LIMIT_MS, limit.resolve);
  await Promise.race([Promise.allSettled(work), limit.promise]);
  timer.cancel();
  return [...ended.values()];
}
