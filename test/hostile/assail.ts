// Sends spoiled frames to a broker over many connections at once. Each is followed by an ApiVersions request: that is answered, or the
// connection is closed; anything else, and a connection that stays silent beyond what a long poll may take, is told.
import { connect, type Socket } from "node:net";
import { ALL_APIS } from "../../src/broker/apis/all.ts";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import { MUTATIONS, mutate, type Attack, type Frame } from "./mutations.ts";

const LANES = 32;
/** Requests may wait for others (long polls, joins): then the sender goes on with another connection, and looks at this one again later. */
const SILENCE_MS = 150;
const LAST_LOOK_MS = 5000;
/** Connections that are looked at again. */
const MAX_LINGERING = 400;
const PROBE_ID = 0x5ca1ab1e;

/** They wait by right, and for as long as the request says: for records, and for the other members of a group. */
export const MAY_WAIT: ReadonlySet<string> = new Set(["Fetch", "JoinGroup", "SyncGroup"]);

export interface Tally {
  frames: number;
  /** By what followed. */
  readonly answered: Map<string, number>;
  readonly closed: Map<string, number>;
  readonly silent: Map<string, number>;
  /** Of the silent ones: answered or closed within seconds, by API as the frame names it; and those that were not. */
  readonly late: Map<string, number>;
  readonly waiting: Map<string, number>;
}

export async function assail(port: number, seeds: readonly Frame[], count: number, seed: number): Promise<Tally> {
  const tally: Tally = { frames: 0, answered: new Map(), closed: new Map(), silent: new Map(), late: new Map(), waiting: new Map() };
  const lingering = new Set<Promise<void>>();
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
        if (outcome === "silent" && lingering.size < MAX_LINGERING) {
          const name = apiOf(attack);
          const looked: Promise<void> = link.lookAgain().then((answered) => {
            const tallied = answered ? tally.late : tally.waiting;
            tallied.set(name, (tallied.get(name) ?? 0) + 1);
            lingering.delete(looked);
          });
          lingering.add(looked);
          link = undefined;
        } else if (outcome !== "answered") link.drop();
      }
      link?.drop();
    }),
  );
  await Promise.all(lingering);
  return tally;
}

function apiOf({ chunks }: Attack): string {
  const head = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
  const key = head.length < 6 ? -1 : head.readInt16BE(4);
  return ALL_APIS.find(({ api }) => api.key === key)?.api.name ?? "unknown APIs";
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

  /** False: there is still no answer. */
  async lookAgain(): Promise<boolean> {
    const outcome = await new Promise<string>((resolve) => {
      const guard = setTimeout(() => resolve("silent"), LAST_LOOK_MS);
      this.#settle = (found) => {
        clearTimeout(guard);
        resolve(found);
      };
      if (!this.isOpen) this.#settle("closed");
    });
    this.drop();
    return outcome !== "silent";
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
export const PROBE = Buffer.alloc(14);
PROBE.writeInt32BE(10, 0);
PROBE.writeInt16BE(18, 4);
PROBE.writeInt16BE(0, 6);
PROBE.writeInt32BE(PROBE_ID, 8);
PROBE.writeInt16BE(-1, 12);
