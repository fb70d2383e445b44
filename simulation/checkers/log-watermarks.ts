// Log start, last stable offset and high watermark as they were observed: none goes back, and none contradicts an acknowledgement.
import type { Anomalies } from "./anomalies.ts";
import type { Operation, Send, Watermarks } from "./history.ts";

export function checkWatermarks(history: readonly Operation[], anomalies: Anomalies): void {
  const acknowledged = acknowledgements(history);
  const highest = new Map<number, number>();
  const before = new Map<number, Watermarks>();
  let next = 0;
  for (const operation of history) {
    if (operation.kind !== "watermarks") continue;
    for (; next < acknowledged.length && acknowledged[next]!.answeredAt <= operation.askedAt; next++) {
      const { partition, offset } = acknowledged[next]!;
      highest.set(partition, Math.max(highest.get(partition) ?? -1, offset));
    }
    checkOne(operation, before.get(operation.partition), highest.get(operation.partition) ?? -1, anomalies);
    before.set(operation.partition, operation);
  }
}

function acknowledgements(history: readonly Operation[]): Send[] {
  const found: Send[] = [];
  for (const operation of history)
    if (operation.kind === "send" && operation.outcome === "ok" && operation.offset >= 0) found.push(operation);
  return found.sort((a, b) => a.answeredAt - b.answeredAt);
}

function checkOne(now: Watermarks, before: Watermarks | undefined, acknowledged: number, anomalies: Anomalies): void {
  const where = `partition ${now.partition}: `;
  if (acknowledged >= now.high)
    anomalies.add("high-watermark-behind", `${where}${acknowledged} was acknowledged, the high watermark is ${now.high}`);
  if (now.lastStable > now.high)
    anomalies.add("last-stable-ahead", `${where}last stable offset ${now.lastStable}, high watermark ${now.high}`);
  if (now.final && now.lastStable < now.high)
    anomalies.add("last-stable-stalled", `${where}last stable offset ${now.lastStable}, high watermark ${now.high}, nothing open`);
  if (before === undefined) return;
  if (now.high < before.high) anomalies.add("high-watermark-back", `${where}${before.high}, then ${now.high}`);
  if (now.logStart < before.logStart) anomalies.add("log-start-back", `${where}${before.logStart}, then ${now.logStart}`);
  if (now.lastStable < before.lastStable) anomalies.add("last-stable-back", `${where}${before.lastStable}, then ${now.lastStable}`);
}
