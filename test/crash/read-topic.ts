// What lies in a topic, as kcat reads it: nothing of the product reads for its own judge.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Isolation } from "../../simulation/checkers/history.ts";

export interface StoredRow {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
}

/** In offset order within each partition. */
export async function readTopic(brokers: string, topic: string, isolation: Isolation): Promise<StoredRow[]> {
  const settings = ["-X", `isolation.level=${isolation}`, "-X", "check.crcs=true"];
  const kcat = spawn("kcat", ["-C", "-e", "-q", "-b", brokers, "-t", topic, "-o", "beginning", "-f", "%p\t%o\t%s\n", ...settings]);
  const closed = new Promise<number | null>((resolve, reject) => kcat.once("error", reject).once("close", resolve));
  let errors = "";
  kcat.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
  const rows: StoredRow[] = [];
  for await (const line of createInterface({ input: kcat.stdout })) {
    const [partition, offset, text] = line.split("\t") as [string, string, string];
    rows.push({ partition: Number(partition), offset: Number(offset), text });
  }
  const code = await closed;
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${errors}`);
  return rows.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
