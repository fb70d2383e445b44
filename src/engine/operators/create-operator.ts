// The operator behind a step, for the kinds that have state or timers.
import type { PlanStep } from "../codegen/chain-plan.ts";
import { BroadcastConnect } from "./broadcast-connect.ts";
import type { ChainOperator } from "./chain-operator.ts";
import { IntervalJoin } from "./interval-join.ts";
import { KeyedWindows } from "./keyed-windows.ts";
import { MapAsync } from "./map-async.ts";
import type { OperatorHome } from "./operator-home.ts";
import { ProcessOperator } from "./process.ts";
import { isPlainSession, SessionWindows } from "./session-window.ts";
import { isSliced, SlicedWindows } from "./sliced-windows.ts";
import { UnkeyedProcess } from "./unkeyed-process.ts";
import { isPlainAligned, WindowOperator } from "./window.ts";

export function createOperator(step: PlanStep, home: OperatorHome): ChainOperator | undefined {
  const { node } = step;
  switch (node.kind) {
    case "process":
      return new ProcessOperator(step, node.process, home);
    case "unkeyed-process":
      return new UnkeyedProcess(step, node.process, home);
    case "broadcast-connect":
      return new BroadcastConnect(step, node.connect, home);
    case "map-async":
      return new MapAsync(step, node.async, home);
    case "connect":
      return new ProcessOperator(step, node.connect.process, home, node.connect.onOther);
    case "window": {
      if (isSliced(node.window)) return new SlicedWindows(step, node.window, home);
      if (isPlainAligned(node.window)) return new WindowOperator(step, node.window, home);
      if (isPlainSession(node.window)) return new SessionWindows(step, node.window, home);
      const windows = new KeyedWindows(node.name, node.window);
      return new ProcessOperator(step, windows.process, home, undefined, windows);
    }
    case "interval-join": {
      const join = new IntervalJoin(node.name, node.join, home.maxParallelism);
      return new ProcessOperator(step, join.process, home, join.right, join);
    }
    case "window-join": {
      const windows = new KeyedWindows(node.name, node.join.window);
      const { onElement } = windows.process;
      const left = { ...windows.process, onElement: (element: unknown, ctx: unknown) => onElement({ left: element }, ctx) };
      return new ProcessOperator(step, left, home, (element, ctx) => onElement({ right: element }, ctx), windows);
    }
    default:
      return undefined;
  }
}
