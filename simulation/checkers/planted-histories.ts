// One planted fault per rule of the log checker: each takes a correct history and spoils it as a broken log would.
import type { Assign, End, Isolation, OffsetCommit, OffsetFetch, Operation, Poll, Send, Watermarks } from "./history.ts";
import { NONE } from "./history.ts";

type Row = [offset: number, value: number, payload: number];
type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** The history under change. */
class Draft {
  readonly operations: Operation[];

  constructor(operations: Operation[]) {
    this.operations = operations;
  }

  all<K extends Operation["kind"]>(kind: K): Of<K>[] {
    return this.operations.filter((each): each is Of<K> => each.kind === kind);
  }

  /** Rewrites what readers got. */
  rewrite(change: (row: Row, poll: Poll) => Row | undefined): void {
    this.operations.forEach((operation, at) => {
      if (operation.kind === "poll")
        this.operations[at] = withRows(operation, (rows) => rows.flatMap((row) => wrap(change(row, operation))));
    });
  }

  replace(poll: Poll, change: (rows: Row[]) => Row[]): void {
    this.operations[this.operations.indexOf(poll)] = withRows(poll, change);
  }

  final(partition: number, isolation: Isolation = "read_committed"): Poll {
    return this.all("poll").find((poll) => poll.final && poll.partition === partition && poll.isolation === isolation)!;
  }

  /** A later poll of one reader with enough rows. */
  longPoll(rows = 4): Poll {
    return this.all("poll").filter((poll) => !poll.final && poll.offsets.length >= rows && poll.isolation === "read_committed")[5]!;
  }

  insertBefore(operation: Operation, ...added: Operation[]): void {
    this.operations.splice(this.operations.indexOf(operation), 0, ...added);
  }
}

function wrap<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function withRows(poll: Poll, change: (rows: Row[]) => Row[]): Poll {
  const rows = change(poll.offsets.map((offset, row) => [offset, poll.values[row]!, poll.payloads[row]!]));
  return { ...poll, offsets: rows.map((row) => row[0]), values: rows.map((row) => row[1]), payloads: rows.map((row) => row[2]) };
}

function append(draft: Draft, partition: number, value: number, payload: number): void {
  const poll = draft.final(partition);
  draft.replace(poll, (rows) => [...rows, [(rows.at(-1)?.[0] ?? -1) + 10, value, payload]]);
}

function plainSend(draft: Draft, which = 20): Send {
  return draft.all("send").filter(({ transaction, outcome }) => transaction === NONE && outcome === "ok")[which]!;
}

function wideTransaction(draft: Draft, outcome: End["outcome"]): { end: End; sends: Send[] } {
  for (const end of draft.all("end").slice(3)) {
    const sends = draft.all("send").filter(({ transaction }) => transaction === end.transaction);
    if (end.outcome === outcome && new Set(sends.map(({ partition }) => partition)).size > 1) return { end, sends };
  }
  throw new Error(`No ${outcome} transaction over two partitions.`);
}

function lastWatermarks(draft: Draft): Watermarks {
  return draft
    .all("watermarks")
    .filter(({ final }) => !final)
    .at(-1)!;
}

function swapSends(draft: Draft, first: Send, second: Send): void {
  const [a, b] = [first.offset, second.offset];
  const swap = (row: Row): Row => (row[1] === first.value ? [b, ...tail(row)] : row[1] === second.value ? [a, ...tail(row)] : row);
  draft.rewrite((row) => swap(row));
  draft.operations.forEach((operation, at) => {
    if (operation.kind === "poll") draft.operations[at] = withRows(operation, (rows) => rows.sort((x, y) => x[0] - y[0]));
  });
  [first.offset, second.offset] = [b, a];
}

function tail(row: Row): [number, number] {
  return [row[1], row[2]];
}

function twoSends(draft: Draft, isInside: boolean): [Send, Send] {
  const sends = draft.all("send").filter(({ outcome, transaction }) => outcome === "ok" && (transaction !== NONE) === isInside);
  for (let at = 10; at < sends.length; at++) {
    const first = sends[at]!;
    const next = sends.slice(at + 1).find((send) => send.process === first.process && send.partition === first.partition);
    if (next !== undefined && (!isInside || next.transaction === first.transaction)) return [first, next];
  }
  throw new Error("No two sends of one process to one partition.");
}

function readInTransaction(draft: Draft, reader: number, send: Send): void {
  const { partition, value, payload, offset } = send;
  const poll: Poll = {
    kind: "poll",
    process: 900 + reader,
    partition,
    isolation: "read_uncommitted",
    transaction: reader,
    final: false,
    offsets: [offset],
    values: [value],
    payloads: [payload],
  };
  draft.operations.push(poll);
}

/** By the name of the rule that has to catch it. */
export const PLANTED: Readonly<Record<string, (draft: Draft) => void>> = {
  "inconsistent-offset": (draft) =>
    draft.replace(draft.longPoll(), (rows) => [rows[0]!, [rows[1]![0], rows[2]![1], rows[2]![2]], ...rows.slice(3)]),
  duplicate: (draft) => {
    const { partition, value, payload } = plainSend(draft);
    append(draft, partition, value, payload);
  },
  "lost-write": (draft) => {
    const { value } = plainSend(draft);
    draft.rewrite((row) => (row[1] === value ? undefined : row));
  },
  "unseen-write": (draft) => {
    const send = draft.all("send").findLast(({ partition, value }) => draft.final(partition).values.at(-1) === value)!;
    draft.rewrite((row) => (row[1] === send.value ? undefined : row));
    send.outcome = "ok";
  },
  "vanished-read": (draft) => {
    const { value } = plainSend(draft);
    draft.rewrite((row, poll) => (row[1] === value && poll.final ? undefined : row));
  },
  "aborted-read": (draft) => {
    const { partition, value, payload, offset } = wideTransaction(draft, "aborted").sends[0]!;
    draft.replace(draft.final(partition), (rows) => [...rows, [offset, value, payload] as Row].sort((a, b) => a[0] - b[0]));
  },
  "failed-read": (draft) => {
    const send = draft.all("send").find(({ outcome }) => outcome === "failed")!;
    append(draft, send.partition, send.value, send.payload);
  },
  "uncommitted-read": (draft) => {
    const { end, sends } = wideTransaction(draft, "committed");
    const { partition, value, payload, offset } = sends[0]!;
    const early: Poll = { ...draft.longPoll(), process: 800, partition, offsets: [offset], values: [value], payloads: [payload] };
    draft.insertBefore(end, early);
  },
  "early-read": (draft) => {
    const send = plainSend(draft);
    const { partition, value, payload, offset } = send;
    draft.insertBefore(send, { ...draft.longPoll(), process: 801, partition, offsets: [offset], values: [value], payloads: [payload] });
  },
  "torn-transaction": (draft) => {
    const { end, sends } = wideTransaction(draft, "committed");
    end.outcome = "unknown";
    draft.rewrite((row) => (row[1] === sends[0]!.value ? undefined : row));
  },
  "phantom-value": (draft) => append(draft, 0, 60_000_000, 1),
  "payload-changed": (draft) => draft.replace(draft.longPoll(), ([first, ...rest]) => [[first![0], first![1], first![2] + 1], ...rest]),
  "wrong-partition": (draft) => {
    const poll = draft.longPoll();
    const other = draft.all("send").find((send) => send.value === poll.values[0])!;
    draft.operations[draft.operations.indexOf(other)] = { ...other, partition: (other.partition + 1) % 8 };
  },
  "poll-skip": (draft) => {
    const poll = draft.longPoll();
    draft.replace(poll, (rows) => rows.slice(2));
  },
  "int-poll-skip": (draft) => draft.replace(draft.longPoll(), ([first, , ...rest]) => [first!, ...rest]),
  "nonmonotonic-poll": (draft) => draft.insertBefore(draft.longPoll(), { ...draft.longPoll() }),
  "int-nonmonotonic-poll": (draft) => draft.replace(draft.longPoll(), (rows) => [...rows, rows[0]!]),
  "nonmonotonic-send": (draft) => swapSends(draft, ...twoSends(draft, false)),
  "int-nonmonotonic-send": (draft) => swapSends(draft, ...twoSends(draft, true)),
  "high-watermark-back": (draft) => {
    const last = lastWatermarks(draft);
    draft.insertBefore(last, { ...last, high: last.high + 100_000 });
  },
  "high-watermark-behind": (draft) => {
    const last = draft.all("watermarks").at(-1)!;
    draft.operations.push({ ...last, high: 1, lastStable: 1 });
  },
  "log-start-back": (draft) => {
    const last = lastWatermarks(draft);
    draft.insertBefore(last, { ...last, logStart: 5 });
  },
  "last-stable-back": (draft) => {
    const last = lastWatermarks(draft);
    draft.insertBefore(last, { ...last, lastStable: last.lastStable + 100_000 });
  },
  "last-stable-ahead": (draft) => {
    const last = lastWatermarks(draft);
    draft.insertBefore(last, { ...last, lastStable: last.high + 1 });
  },
  "last-stable-stalled": (draft) => {
    const last = draft.all("watermarks").at(-1)!;
    draft.operations.push({ ...last, lastStable: last.high - 1 });
  },
  "offset-commit-lost": (draft) => {
    const commit = draft.all("offset-commit").findLast(({ outcome }) => outcome === "ok")!;
    const fetch: OffsetFetch = { kind: "offset-fetch", group: commit.group, partition: commit.partition, offset: -1 };
    draft.operations.splice(draft.operations.indexOf(commit) + 1, 0, fetch);
  },
  "offset-committed-ahead": (draft) => {
    const fetch = draft.all("offset-fetch").at(-1)!;
    draft.insertBefore(fetch, { ...fetch, offset: fetch.offset + 1000 });
  },
  "offset-committed-unread": (draft) => {
    const poll = draft.longPoll();
    const { process, partition } = poll;
    const offset = poll.offsets.at(-1)! + 1;
    const assign: Assign = { kind: "assign", process, partition, from: poll.offsets[0]! };
    const commit: OffsetCommit = { kind: "offset-commit", process, group: "h", partition, offset, transaction: NONE, outcome: "ok" };
    draft.insertBefore(poll, assign, commit);
  },
  "write-read-cycle": (draft) => {
    const transactions = draft.all("end").filter(({ outcome }) => outcome === "committed");
    const [first, second] = [transactions[5]!.transaction, transactions[6]!.transaction];
    const sendOf = (transaction: number): Send => draft.all("send").find((send) => send.transaction === transaction)!;
    readInTransaction(draft, first, sendOf(second));
    readInTransaction(draft, second, sendOf(first));
  },
};

export function plant(rule: string, operations: Operation[]): void {
  PLANTED[rule]!(new Draft(operations));
}
