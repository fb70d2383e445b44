// The broker under test, on a thread of its own with an event loop of its own, as in `millrace dev`.
import { parentPort, workerData } from "node:worker_threads";
import { startBroker } from "millrace/broker";

const { dataDir, durability } = workerData as { dataDir: string; durability: "disk" | "page-cache" };
const broker = await startBroker({ port: 0, dataDir, durability });
parentPort!.postMessage({ brokers: broker.bootstrapServers });
parentPort!.once("message", async () => {
  await broker.close();
  parentPort!.close();
});
