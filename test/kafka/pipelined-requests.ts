// Random requests that are sent without waiting for the answers before them, over one connection: Apache Kafka reads a connection's next
// request when the one before it is answered, so answers come in order and each request finds what the ones before it did. Behind them may
// come a frame that is no request: what was asked before it is answered, then the connection ends.
import fc from "fast-check";
import { requestFrame, type Wire } from "../../src/broker/e2e/wire.ts";
import { apiByName } from "../../src/protocol/apis.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { toldOf } from "./answers.ts";
import { groupParts } from "./group-requests.ts";
import { recordParts } from "./record-requests.ts";
import { batch, plainSteps, step, writes, type Learnt, type Play, type Scene, type Stage, type Step } from "./requests.ts";

/** Above those of the requests that wait for their answers. */
const CORRELATION_FROM = 1_000_000;
const LENGTH_BYTES = 4;
const HEADER_BYTES = 8;
const CLIENT_ID = [0, 4, 119, 105, 114, 101];

/** How the bytes reach the broker: in one piece, a frame each, or cut where no frame ends. */
type Sending = "at once" | "frame by frame" | "in pieces";
const sending = fc.constantFrom<Sending>("at once", "at once", "frame by frame", "in pieces");
const PIECE_BYTES = 37;

interface Sent {
  readonly step: Step;
  /** Without acknowledgements there is no answer. */
  readonly answered: boolean;
}

const unacknowledged = fc.tuple(fc.constantFrom("t", "u"), fc.constantFrom(0, 0, 1), fc.integer({ min: 1, max: 3 })).map(([name, index, records]): Sent => ({
  answered: false,
  step: step<"Produce">({
    name: `produce ${records} to ${name}-${index}, acks 0`,
    api: "Produce",
    version: 9,
    request: ({ prefix }) => {
      const partitionData = [newPartitionProduceData({ index, records: batch(records, false) })];
      return newProduceRequest({ acks: 0, timeoutMs: 5000, topicData: [newTopicProduceData({ name: prefix + name, partitionData })] });
    },
  }),
})); // prettier-ignore

/** What is still under way behind its answer cannot be asked about at once. */
const settled = plainSteps.filter(({ settles }) => settles !== "topics");
const answered = fc.oneof(
  { weight: 4, arbitrary: settled },
  { weight: 3, arbitrary: recordParts.produce },
  { weight: 2, arbitrary: recordParts.idempotent },
  { weight: 2, arbitrary: recordParts.fetch },
  { weight: 2, arbitrary: recordParts.listOffsets },
  { weight: 1, arbitrary: groupParts.sync },
  { weight: 1, arbitrary: groupParts.heartbeat },
  { weight: 1, arbitrary: groupParts.commit },
  { weight: 1, arbitrary: groupParts.leave },
);
const one = fc.oneof({ weight: 9, arbitrary: answered.map((each): Sent => ({ step: each, answered: true })) }, { weight: 1, arbitrary: unacknowledged }); // prettier-ignore

/** Of no producer and no member: whoever speaks for one on two connections has given the older one up here, and it ends (superseded-connections.ts). */
const anonymous = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(writes, recordParts.fetch, recordParts.listOffsets).map((each): Sent => ({ step: each, answered: true })) }, // prettier-ignore
  { weight: 1, arbitrary: unacknowledged },
);

const nameOf = (sent: readonly Sent[]): string => sent.map(({ step: { name } }, i) => `${i}: ${name}`).join("; ");

function framesOf(sent: readonly Sent[], learnt: Learnt): Uint8Array[] {
  return sent.map(({ step: { api, version, request } }, i) => requestFrame(api, version, request(learnt), CORRELATION_FROM + i));
}

function send(wire: Wire, frames: readonly Uint8Array[], how: Sending): void {
  if (how === "frame by frame") return frames.forEach((frame) => wire.write(frame));
  const bytes = Buffer.concat(frames);
  const size = how === "at once" ? Math.max(1, bytes.length) : PIECE_BYTES;
  for (let at = 0; at < bytes.length; at += size) wire.write(bytes.subarray(at, at + size));
}

/** By the request's place: the order of the answers counts. */
async function answersTo(sent: readonly Sent[], wire: Wire, learnt: Learnt): Promise<Record<string, object>> {
  const told: Record<string, object> = {};
  for (const [at, { step: each, answered: isAnswered }] of sent.entries()) {
    if (!isAnswered) continue;
    const { correlationId, response } = await wire.read(each.api, each.version);
    if (correlationId !== CORRELATION_FROM + at) throw new Error(`The answer to request ${correlationId} came instead of that to request ${CORRELATION_FROM + at}.`); // prettier-ignore
    told[`answer ${at}`] = toldOf(each, response, learnt);
    each.learn?.(response, learnt);
  }
  return told;
}

const several = fc.tuple(fc.array(one, { minLength: 2, maxLength: 7 }), sending).map(([sent, how]): Play => ({
  name: `${how}: ${nameOf(sent)}`,
  play: async ({ learnt, wire }) => {
    send(wire, framesOf(sent, learnt), how);
    return answersTo(sent, wire, learnt);
  },
}));

function framed(body: readonly number[] | Uint8Array, length = body.length): Uint8Array {
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setInt32(0, length);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

const int16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const header = (apiKey: number, version: number): number[] => [...int16(apiKey), ...int16(version), 0, 0, 0, 1, ...CLIENT_ID, 0];

/** A frame that no broker can answer. */
interface Broken {
  readonly name: string;
  frame(learnt: Learnt): Uint8Array;
}

const cut = fc.tuple(answered, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })).map(([of, share]): Broken => ({
  name: `${of.name}, cut at ${share.toFixed(2)}`,
  frame: (learnt) => {
    const whole = requestFrame(of.api, of.version, of.request(learnt), 1).subarray(LENGTH_BYTES);
    return framed(whole.slice(0, Math.floor(share * whole.length)));
  },
}));
const otherVersion = fc.tuple(answered, fc.constantFrom("below", "above", "-1", "99")).map(([of, which]): Broken => {
  const { key, minVersion, maxVersion, unstableVersion } = apiByName(of.api);
  const version = { below: minVersion - 1, above: Math.max(maxVersion, unstableVersion ?? -1) + 1, "-1": -1, "99": 99 }[which]!;
  return { name: `${of.api} v${version}`, frame: () => framed(header(key, version)) };
});
/** Of APIs that are no more, of brokers among themselves, and none. */
const otherApi = fc.constantFrom(4, 7, 52, 62, 1000, -1).map((key): Broken => ({ name: `API ${key}`, frame: () => framed(header(key, 0)) })); // prettier-ignore
const short = fc.nat(HEADER_BYTES - 1).map((size): Broken => ({ name: `${size} bytes`, frame: () => framed(new Uint8Array(size)) }));
const length = fc.constantFrom(-1, -2_147_483_648, 2_147_483_647).map((value): Broken => ({ name: `length ${value}`, frame: () => framed([0, 3], value) })); // prettier-ignore
/** Nobody could be told: the connection ends. */
const refusedUnacknowledged = fc.constantFrom("missing-0", "t-7").map((place): Broken => ({
  name: `produce to ${place}, acks 0`,
  frame: ({ prefix }) => {
    const [name, index] = place.split("-") as [string, string];
    const partitionData = [newPartitionProduceData({ index: Number(index), records: batch(1, false) })];
    const topicData = [newTopicProduceData({ name: prefix + name, partitionData })];
    return requestFrame("Produce", 9, newProduceRequest({ acks: 0, timeoutMs: 5000, topicData }), 1);
  },
}));
const broken = fc.oneof({ weight: 3, arbitrary: cut }, { weight: 2, arbitrary: otherVersion }, otherApi, short, length, refusedUnacknowledged); // prettier-ignore

const connections = new WeakMap<object, number>();
/** One that nothing else uses. */
export function freshConnection({ learnt, connection }: Stage): Promise<Wire> {
  const number = (connections.get(learnt) ?? 0) + 1;
  connections.set(learnt, number);
  return connection(`fresh ${number}`);
}

const breaks = fc
  .tuple(fc.array(anonymous, { maxLength: 4 }), broken, fc.option(anonymous, { nil: undefined }))
  .map(([before, end, behind]): Play => ({
    name: `until ${end.name}: ${nameOf(before)}${behind === undefined ? "" : `; never: ${behind.step.name}`}`,
    play: async (stage) => {
      const { learnt } = stage;
      const wire = await freshConnection(stage);
      // In one piece: who writes to a connection that was closed may lose the answers that are there.
      send(wire, [...framesOf(before, learnt), end.frame(learnt), ...(behind === undefined ? [] : framesOf([behind], learnt))], "at once");
      const told = await answersTo(before, wire, learnt);
      return { ...told, end: await ending(wire) };
    },
  }));

/** The connection's end, or that something was answered. */
async function ending(wire: Wire): Promise<string> {
  try {
    await wire.read("ApiVersions", 0);
    return "an answer";
  } catch (error) {
    return wire.closed ? "closed" : `an answer: ${String(error)}`;
  }
}

export const pipelinedScenes: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 8, arbitrary: several },
  { weight: 3, arbitrary: breaks },
  { weight: 3, arbitrary: groupParts.introduce },
  { weight: 1, arbitrary: settled },
);
