// A reader that follows the input while everything is killed around it: what it was shown must be there at the end, and it may skip nothing.
import { createClient } from "millrace/client";
import { PARTITIONS } from "./ledger.ts";
import type { Load } from "./writers.ts";

export interface Reader {
  readonly polled: number;
  stop(): Promise<void>;
}

export function followInput(load: Load): Reader {
  const client = createClient({ brokers: load.brokers, requestTimeoutMs: 5000 });
  const consumer = client.consumer();
  const process = load.ledger.process();
  const decoder = new TextDecoder();
  let polled = 0;
  const reading = (async () => {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: load.topic, partition, offset: 0 }));
    for (const { partition } of partitions) load.ledger.history.push({ kind: "assign", process, partition, from: 0 });
    await consumer.assign(partitions);
    for await (const batch of consumer) {
      const rows = [...batch.records].map(({ offset, value }) => ({ offset, text: decoder.decode(value!) }));
      load.ledger.poll(process, batch.partition, rows, false);
      polled += rows.length;
    }
  })();
  reading.catch(() => {}); // told by stop()
  return {
    get polled() {
      return polled;
    },
    async stop() {
      await consumer.close();
      await reading;
      await client.close();
    },
  };
}
