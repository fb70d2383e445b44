// A host in a worker thread of its own, seen from the main thread. Whatever user code does there, kill() ends it.
import { buggifyPause } from "../../env/fault-points.ts";
import type { Env } from "../../env/env.ts";
import type { Thread } from "../../env/threads.ts";
import { describeFailure } from "../coordinator/job-failure.ts";
import type { Deployment, HostCommand, HostEvent, HostHandle, StartHost } from "./host-messages.ts";
import { workerEntryAddress } from "./worker-address.ts";
import type { WorkerInput } from "./worker-entry.ts";

/** A killed host may use this long to close its connections and abort its transactions; user code that spins does not get longer. */
const KILL_GRACE_MS = 500;

export function workerHost(env: Env, moduleUrl: string): StartHost {
  return (deployment: Deployment, onEvent: (event: HostEvent) => void): HostHandle => {
    const data: WorkerInput = { moduleUrl, deployment };
    const exited = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    let closed = false;
    let late: Promise<void> | undefined;
    let killed: Promise<void> | undefined;
    const kill = async () => {
      thread.post({ kind: "close" } satisfies HostCommand);
      const grace = env.timers.after(KILL_GRACE_MS, done.resolve);
      await done.promise;
      grace.cancel();
      closed = true;
      await thread.terminate();
      await exited.promise;
    };
    const thread: Thread = env.threads.spawn(
      workerEntryAddress,
      { name: `millrace-${deployment.job}`, data },
      {
        message(message) {
          const event = message as HostEvent;
          onEvent(event);
          if (event.kind !== "closed") return;
          closed = true;
          done.resolve();
        },
        exit(error) {
          done.resolve();
          exited.resolve();
          if (closed) return;
          const cause = error ?? new Error("The worker thread ended by itself.");
          onEvent({ kind: "failed", failure: describeFailure(cause, env.clock.now()) });
          onEvent({ kind: "closed" });
        },
      },
    );
    return {
      send(command: HostCommand) {
        const pause = late ?? buggifyPause("worker-message-late");
        if (pause === undefined) return thread.post(command);
        const posted = pause.then(() => thread.post(command));
        late = posted;
        void posted.then(() => (late = late === posted ? undefined : late));
      },
      kill: () => (killed ??= kill()),
    };
  };
}
