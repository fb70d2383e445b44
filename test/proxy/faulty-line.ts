// A TCP proxy that spoils the line between clients and a broker: eight faults, one at a time, and quiet in between. The broker's advertised
// address is the proxy's, so that every connection goes through it. Bytes of one direction stay in order, as TCP keeps them.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export const FAULTS = ["latency", "jitter", "slices", "resets", "reset-in-answer", "black-hole", "answers-lost", "refused"] as const;
export type LineFault = (typeof FAULTS)[number];

const LATENCY_MS = 60;
const RESET_EVERY_MS = 80;
/** Bytes of one chunk that are sent one by one; the rest follows whole. */
const MAX_SLICES = 200;
const RESET_CHANCE = 0.1;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class FaultyLine {
  fault: LineFault | undefined;
  readonly #server: Server;
  readonly #random: () => number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #resets: NodeJS.Timeout;
  #target = 0;

  private constructor(random: () => number) {
    this.#random = random;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
    this.#resets = setInterval(() => {
      if (this.fault === "resets") this.#breakOne();
    }, RESET_EVERY_MS);
  }

  static async listen(random: () => number): Promise<FaultyLine> {
    const line = new FaultyLine(random);
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  leadTo(port: number): void {
    this.#target = port;
  }

  /** Connections that a black hole swallowed are broken then: their bytes are gone, and TCP does not lose bytes. */
  heal(): void {
    const lossy = this.fault === "black-hole" || this.fault === "answers-lost";
    this.fault = undefined;
    if (lossy) for (const pair of this.#pairs) reset(pair);
  }

  close(): void {
    clearInterval(this.#resets);
    this.#server.close();
    for (const pair of this.#pairs) reset(pair);
  }

  #accept(client: Socket): void {
    if (this.fault === "refused") return void client.resetAndDestroy();
    const broker = connect({ port: this.#target, host: "127.0.0.1", noDelay: true });
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    this.#pass(client, broker, "request", pair);
    this.#pass(broker, client, "answer", pair);
  }

  #pass(from: Socket, to: Socket, kind: "request" | "answer", pair: readonly [Socket, Socket]): void {
    let last: Promise<void> = Promise.resolve();
    from.on("data", (bytes) => (last = last.then(() => this.#hand(bytes, to, kind, pair))));
    from.on("error", () => {});
    from.on("close", () => {
      this.#pairs.delete(pair);
      void last.then(() => to.destroy());
    });
  }

  async #hand(bytes: Buffer, to: Socket, kind: "request" | "answer", pair: readonly [Socket, Socket]): Promise<void> {
    const { fault } = this;
    if (fault === "black-hole" || (fault === "answers-lost" && kind === "answer")) return;
    if (fault === "reset-in-answer" && kind === "answer" && this.#random() < RESET_CHANCE) {
      to.write(bytes.subarray(0, Math.floor(this.#random() * bytes.length)));
      return reset(pair);
    }
    if (fault === "latency") await pause(LATENCY_MS);
    if (fault === "jitter") await pause(this.#random() * LATENCY_MS);
    const slices = fault === "slices" ? Math.min(MAX_SLICES, bytes.length) : 0;
    for (let at = 0; at < slices && !to.destroyed; at++) {
      to.write(bytes.subarray(at, at + 1));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (!to.destroyed) to.write(bytes.subarray(slices));
  }

  #breakOne(): void {
    const all = [...this.#pairs];
    const pair = all[Math.floor(this.#random() * all.length)];
    if (pair !== undefined) reset(pair);
  }
}

function reset([client, broker]: readonly [Socket, Socket]): void {
  client.resetAndDestroy();
  broker.resetAndDestroy();
}
