// Carries out a read plan: fields in any order, the last one of a number counts, parts of one message that come apart are merged, packed and
// single items alike, unknown fields and those of another wire type are skipped.
import { setField } from "../field-value.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { indexPath } from "../mismatch.ts";
import { fieldPath } from "../schema-error.ts";
import { WIRE, type ProtoCursor } from "./proto-cursor.ts";
import type { ElementPlan, FieldPlan, LeafPlan, MessagePlan } from "./read-plan.ts";

/** A message of which more may come. */
class Unfinished {
  readonly plan: MessagePlan;
  readonly slots: unknown[];

  constructor(plan: MessagePlan) {
    this.plan = plan;
    this.slots = Array.from<unknown>({ length: plan.slots.length });
  }
}

/** Reads a message up to the cursor's end: the value of each slot. Throws SchemaError. */
export function readSlots(plan: MessagePlan, cursor: ProtoCursor): unknown[] {
  const message = new Unfinished(plan);
  readFields(message, cursor, -1);
  finishSlots(message);
  return message.slots;
}

/** Reads a message up to the cursor's end as a value. Throws SchemaError. */
export function readMessage(plan: MessagePlan, cursor: ProtoCursor): unknown {
  return made(plan, readSlots(plan, cursor));
}

/** `group`: the number whose end mark ends the message; −1: the cursor's end does. */
function readFields({ plan, slots }: Unfinished, cursor: ProtoCursor, group: number): void {
  const { fields } = plan;
  while (group >= 0 || cursor.at < cursor.end) {
    const tag = cursor.tag();
    if ((tag & 7) === WIRE.endGroup && group >= 0) {
      if (tag >>> 3 !== group) cursor.fail(`the end of group ${group}`, `that of ${tag >>> 3}`);
      return;
    }
    const field = fields.get(tag >>> 3);
    if (field === undefined) {
      cursor.skip(tag);
      continue;
    }
    try {
      if (!readField(field, tag & 7, cursor, slots)) cursor.skip(tag);
    } catch (error) {
      if (field.name === "" || plan.make !== undefined) throw error;
      rethrowInside(error, (rest) => fieldPath(field.name, rest));
    }
  }
}

/** false: another wire type than the field's. Messages stay unfinished in their slots. */
export function readField(field: FieldPlan, wire: number, cursor: ProtoCursor, slots: unknown[]): boolean {
  const { shape, element, slot } = field;
  if (shape === "map") return wire === WIRE.bytes && (readEntry(field, cursor, slots), true);
  if (shape === "repeated") return readItems(field, wire, cursor, slots);
  if (wire !== wireOfElement(element, field)) return false;
  if (element.op === "leaf") {
    const value = element.read(cursor);
    if (value === undefined) return true;
    clear(field, slots);
    slots[slot] = value;
    return true;
  }
  const before = slots[slot];
  const message = before instanceof Unfinished && before.plan === element ? before : new Unfinished(element);
  clear(field, slots);
  slots[slot] = message;
  readNested(message, field, cursor);
  return true;
}

function wireOfElement(element: ElementPlan, { delimited }: FieldPlan): number {
  if (element.op === "leaf") return element.wire;
  return delimited ? WIRE.group : WIRE.bytes;
}

function clear({ clears, slot }: FieldPlan, slots: unknown[]): void {
  for (const other of clears) if (other !== slot) slots[other] = undefined;
}

function readNested(message: Unfinished, { delimited, number }: FieldPlan, cursor: ProtoCursor): void {
  cursor.enter();
  if (delimited) readFields(message, cursor, number);
  else {
    const { end } = cursor;
    const size = cursor.size();
    cursor.end = cursor.at + size;
    readFields(message, cursor, -1);
    cursor.end = end;
  }
  cursor.depth--;
}

function readItems(field: FieldPlan, wire: number, cursor: ProtoCursor, slots: unknown[]): boolean {
  const { element, slot } = field;
  const items = (slots[slot] ??= []) as unknown[];
  try {
    if (wire === wireOfElement(element, field)) {
      const item = element.op === "leaf" ? element.read(cursor) : readItem(element, field, cursor);
      if (item !== undefined || element.op === "message") items.push(item);
      return true;
    }
    if (wire !== WIRE.bytes || element.op !== "leaf") return false;
    readPacked(element, cursor, items);
    return true;
  } catch (error) {
    return rethrowInside(error, (rest) => indexPath(items.length, rest));
  }
}

function readPacked(element: LeafPlan, cursor: ProtoCursor, items: unknown[]): void {
  const { end } = cursor;
  const size = cursor.size();
  cursor.end = cursor.at + size;
  while (cursor.at < cursor.end) {
    const item = element.read(cursor);
    if (item !== undefined) items.push(item);
  }
  cursor.end = end;
}

function readItem(element: MessagePlan, field: FieldPlan, cursor: ProtoCursor): unknown {
  const message = new Unfinished(element);
  readNested(message, field, cursor);
  return finished(message);
}

function readEntry(field: FieldPlan, cursor: ProtoCursor, slots: unknown[]): void {
  const { element, key: keyPlan, slot } = field;
  const map = (slots[slot] ??= new Map()) as Map<unknown, unknown>;
  const { end } = cursor;
  const size = cursor.size();
  cursor.end = cursor.at + size;
  let key: unknown;
  let value: unknown;
  try {
    while (cursor.at < cursor.end) {
      const tag = cursor.tag();
      if (tag === ((1 << 3) | keyPlan!.wire)) key = keyPlan!.read(cursor);
      else if (tag === ((2 << 3) | (element.op === "leaf" ? element.wire : WIRE.bytes)))
        value = element.op === "leaf" ? element.read(cursor) : readPart(element, value, cursor);
      else cursor.skip(tag);
    }
    if (value instanceof Unfinished) value = finished(value);
    else if (value === undefined) value = field.zero();
    key ??= field.zeroKey ?? cursor.fail("a key", "nothing");
    map.set(key, value);
  } catch (error) {
    rethrowInside(error, (rest) => indexPath(map.size, rest));
  }
  cursor.end = end;
}

function readPart(element: MessagePlan, before: unknown, cursor: ProtoCursor): Unfinished {
  const message = before instanceof Unfinished ? before : new Unfinished(element);
  cursor.enter();
  const { end } = cursor;
  const size = cursor.size();
  cursor.end = cursor.at + size;
  readFields(message, cursor, -1);
  cursor.end = end;
  cursor.depth--;
  return message;
}

function finishSlots({ plan, slots }: Unfinished): void {
  for (let slot = 0; slot < slots.length; slot++) finishSlot(plan, slots, slot);
}

/** When nothing more comes. */
export function finishSlot(plan: MessagePlan, slots: unknown[], slot: number): void {
  const value = slots[slot];
  try {
    if (value instanceof Unfinished) slots[slot] = finished(value);
    else if (value === undefined) slots[slot] = plan.slots[slot]!.absent();
  } catch (error) {
    if (plan.make !== undefined) throw error;
    rethrowInside(error, (rest) => fieldPath(plan.slots[slot]!.name, rest));
  }
}

function finished(message: Unfinished): unknown {
  finishSlots(message);
  return made(message.plan, message.slots);
}

function made(plan: MessagePlan, values: readonly unknown[]): unknown {
  if (plan.make !== undefined) return plan.make(values);
  const record = {};
  for (let slot = 0; slot < values.length; slot++) setField(record, plan.slots[slot]!.name, values[slot]);
  return record;
}
