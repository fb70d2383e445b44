// The keyed process functions that the cases tell in words.
import { mapState, t, valueState, type DataStream, type KeyedStream } from "../src/stream/index.ts";
import type { ProcessCase } from "./case.ts";
import type { InputRecord } from "./inputs.ts";
import { UnsupportedCaseError } from "./window-parts.ts";

type Keyed = KeyedStream<string, InputRecord>;

/** Throws UnsupportedCaseError. */
export function addProcess({ function: name, paramMs = 0 }: ProcessCase, stream: Keyed): DataStream<string> {
  if (name === "inactivity") return inactivity(stream, paramMs);
  if (name === "dedup") return dedup(stream, paramMs);
  if (name === "sortBuffer") return sortBuffer(stream);
  if (name === "timers") return timers(stream, paramMs);
  if (name === "deletions") return deletions(stream, paramMs);
  throw new UnsupportedCaseError(`process function ${name}`);
}

function inactivity(stream: Keyed, paramMs: number): DataStream<string> {
  return stream.process("inactivity", {
    output: t.string(),
    state: { n: valueState(t.long()), timer: valueState(t.long()) },
    onElement(_event, { state, timers, timestamp }) {
      state.n.set((state.n.get() ?? 0) + 1);
      const former = state.timer.get();
      if (former !== undefined) timers.deleteEventTime(former);
      timers.setEventTime(timestamp + paramMs);
      state.timer.set(timestamp + paramMs);
    },
    onTimer(at, { key, state, emit }) {
      emit(JSON.stringify([key, at, state.n.get()]));
      state.n.clear();
      state.timer.clear();
    },
  });
}

function dedup(stream: Keyed, paramMs: number): DataStream<string> {
  return stream.process("dedup", {
    output: t.string(),
    state: { seen: valueState(t.boolean()) },
    onElement(event, { state, timers, timestamp, emit }) {
      if (state.seen.get() === true) return;
      state.seen.set(true);
      timers.setEventTime(timestamp + paramMs);
      emit(JSON.stringify([event.i]));
    },
    onTimer(_at, { state }) {
      state.seen.clear();
    },
  });
}

function sortBuffer(stream: Keyed): DataStream<string> {
  return stream.process("sort-buffer", {
    output: t.string(),
    state: { waiting: mapState(t.long(), t.array(t.int())), sent: valueState(t.long()) },
    onElement(event, { key, state, timers, timestamp, watermark, emit }) {
      if (timestamp <= watermark) {
        emit(JSON.stringify([key, null, event.i]));
        return;
      }
      state.waiting.set(timestamp, [...(state.waiting.get(timestamp) ?? []), event.i]);
      timers.setEventTime(timestamp);
    },
    onTimer(at, { key, state, emit }) {
      let sent = state.sent.get() ?? 0;
      for (const i of state.waiting.get(at) ?? []) emit(JSON.stringify([key, sent++, i]));
      state.sent.set(sent);
      state.waiting.delete(at);
    },
  });
}

/** Only random cases have it: sets and deletes timers, past ones too, as the values say. */
function timers(stream: Keyed, paramMs: number): DataStream<string> {
  return stream.process("timers", {
    output: t.string(),
    state: { n: valueState(t.long()), last: valueState(t.long()) },
    onElement(event, ctx) {
      const { v } = event as unknown as { readonly v: number };
      const { state, timestamp, watermark } = ctx;
      const distance = Math.abs(v);
      state.n.set((state.n.get() ?? 0) + 1);
      const last = state.last.get();
      if (distance % 5 === 0) ctx.timers.setEventTime(timestamp + distance);
      else if (distance % 5 === 1) ctx.timers.setEventTime(timestamp - distance);
      else if (distance % 5 === 2) ctx.timers.deleteEventTime(timestamp + distance - 2);
      else if (distance % 5 === 3) {
        if (last !== undefined) ctx.timers.deleteEventTime(last);
        ctx.timers.setEventTime(timestamp + paramMs);
        state.last.set(timestamp + paramMs);
      } else if (watermark > -Infinity) ctx.timers.setEventTime(watermark + (v < 0 ? 0 : 1));
    },
    onTimer(at, { key, state, timers: own, emit }) {
      const n = state.n.get() ?? 0;
      emit(JSON.stringify([key, at, n]));
      if (n > 0 && n % 3 === 0) own.setEventTime(at + paramMs);
      state.n.set(n - 1);
    },
  });
}

/** Only random cases have it: sets and deletes the same timer in turn, from elements and from timers. */
function deletions(stream: Keyed, paramMs: number): DataStream<string> {
  return stream.process("deletions", {
    output: t.string(),
    state: { n: valueState(t.long()) },
    onElement(event, ctx) {
      const { v } = event as unknown as { readonly v: number };
      const { state, timestamp, timers: own } = ctx;
      const distance = Math.abs(v);
      state.n.set((state.n.get() ?? 0) + 1);
      const [near, far, past] = [timestamp + paramMs, timestamp + 2 * paramMs + distance, timestamp - distance];
      if (distance === 0 || distance === 4) own.setEventTime(near);
      if (distance === 1) own.deleteEventTime(far);
      if (distance === 2) own.deleteEventTime(near);
      if (distance !== 5) own.setEventTime(distance < 4 ? near : far);
      if (distance === 3) own.deleteEventTime(near);
      if (distance >= 6) own.setEventTime(past);
      if (distance === 7) own.deleteEventTime(past);
    },
    onTimer(at, { key, state, timers: own, emit }) {
      const n = state.n.get() ?? 0;
      emit(JSON.stringify([key, at, n]));
      own.deleteEventTime(at);
      if (n % 2 === 0) own.deleteEventTime(at + 1);
      if (n > 0 && n % 3 === 0) own.setEventTime(at);
      if (n > 0 && n % 3 === 1) own.setEventTime(at + paramMs);
      if (n % 5 === 0) own.deleteEventTime(at + paramMs);
      state.n.set(n - 1);
    },
  });
}
