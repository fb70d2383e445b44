// Sends spoiled frames to a broker over many connections at once. Each is followed by an ApiVersions request: that is answered, or the
// connection is closed; anything else, and a connection that stays silent beyond what a long poll may take, is told.
import { connect, type Socket } from "node:net";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import { MUTATIONS, mutate, type Attack, type Frame } from "./mutations.ts";

const LANES = 32;
/** Requests may wait for others (long polls, joins): then the sender goes away. */
const SILENCE_MS = 150;
const PROBE_ID = 0x5ca1ab1e;

export interface Tally {
  frames: number;
  /** By what followed. */
  readonly answered: Map<string, number>;
  readonly closed: Map<string, number>;
  readonly silent: Map<string, number>;
}

export async function assail(port: number, seeds: readonly Frame[], count: number, seed: number): Promise<Tally> {
  const tally: Tally = { frames: 0, answered: new Map(), closed: new Map(), silent: new Map() };
  const random = seededRandom(seed);
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      let link: Link | undefined;
      while (tally.frames < count) {
        const mutation = MUTATIONS[tally.frames++ % MUTATIONS.length]!;
        const attack = mutate(mutation, seeds[Math.floor(random() * seeds.length)]!, random);
        link = link?.isOpen === true ? link : await Link.open(port);
        const outcome = await link.suffer(attack);
        tally[outcome].set(mutation, (tally[outcome].get(mutation) ?? 0) + 1);
        if (outcome !== "answered") link.drop();
      }
      link?.drop();
    }),
  );
  return tally;
}

class Link {
  readonly #socket: Socket;
  isOpen = true;
  #tail: Buffer = Buffer.alloc(0);
  #settle: (outcome: "answered" | "closed") => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isOpen = false;
      this.#settle("closed");
    });
    socket.on("data", (bytes) => this.#received(bytes));
  }

  static open(port: number): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Link(socket)));
    });
  }

  suffer({ chunks, isWhole }: Attack): Promise<"answered" | "closed" | "silent"> {
    return new Promise((resolve) => {
      // What has come in while this process itself was held up counts first.
      const guard = setTimeout(() => setImmediate(() => resolve("silent")), SILENCE_MS);
      this.#settle = (outcome) => {
        clearTimeout(guard);
        resolve(outcome);
      };
      for (const chunk of chunks) this.#socket.write(chunk);
      if (isWhole) this.#socket.write(PROBE);
      else this.#socket.end(); // in the middle of a frame
    });
  }

  drop(): void {
    this.#settle = () => {};
    this.#socket.destroy();
    this.isOpen = false;
  }

  /** Looks for the probe's answer at any place: what comes before are answers to the spoiled frame. */
  #received(bytes: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, bytes]);
    if (this.#tail.includes(PROBE_ID_BYTES)) {
      this.#tail = Buffer.alloc(0);
      this.#settle("answered");
    } else this.#tail = this.#tail.subarray(-3);
  }
}

const PROBE_ID_BYTES = Buffer.alloc(4);
PROBE_ID_BYTES.writeInt32BE(PROBE_ID);

/** ApiVersions, version 0, without a client id. */
const PROBE = Buffer.alloc(14);
PROBE.writeInt32BE(10, 0);
PROBE.writeInt16BE(18, 4);
PROBE.writeInt16BE(0, 6);
PROBE.writeInt32BE(PROBE_ID, 8);
PROBE.writeInt16BE(-1, 12);
