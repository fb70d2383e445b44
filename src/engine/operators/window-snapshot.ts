// The panes of a window operator in a checkpoint. A chunk is u8 version, u32 length + JSON of the window's size and offset, f64 start of
// the pane, f64 end of the next window with it (of a slice; otherwise Infinity), and then a chunk of keyed state (state/state-chunk.ts)
// with the accumulators as states.
import { StoreSnapshot } from "../state/store-snapshot.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { WindowSpec } from "../../stream/graph.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { OperatorSnapshot } from "./chain-operator.ts";
import type { Pane } from "./window-pane.ts";

const VERSION = 2;

export class WindowSnapshot implements OperatorSnapshot {
  readonly #head: Uint8Array;
  readonly #panes: { readonly start: number; readonly next: number; readonly snapshot: StoreSnapshot }[];

  constructor(operator: string, spec: WindowSpec, panes: readonly Pane[]) {
    this.#head = new TextEncoder().encode(JSON.stringify(spec.assigner));
    this.#panes = panes.map((pane) => ({ start: pane.start, next: pane.next, snapshot: new StoreSnapshot(operator, pane.store, []) }));
  }

  next(): StateChunk | undefined {
    while (this.#panes.length > 0) {
      const { start, next, snapshot } = this.#panes[0]!;
      const chunk = snapshot.next();
      if (chunk !== undefined) return { ...chunk, bytes: this.#withHeader(start, next, chunk.bytes) };
      this.#panes.shift()!.snapshot.release();
    }
    return undefined;
  }

  #withHeader(start: number, next: number, body: Uint8Array): Uint8Array {
    const head = this.#head;
    const bytes = new Uint8Array(21 + head.length + body.length);
    const view = new DataView(bytes.buffer);
    bytes[0] = VERSION;
    view.setUint32(1, head.length, true);
    bytes.set(head, 5);
    view.setFloat64(5 + head.length, start, true);
    view.setFloat64(13 + head.length, next, true);
    bytes.set(body, 21 + head.length);
    return bytes;
  }

  release(): void {
    while (this.#panes.length > 0) this.#panes.shift()!.snapshot.release();
  }
}

/** The start of a chunk's pane and the keyed state behind the header. Throws StateRestoreError if the windows were others. */
export function readPaneHeader(
  operator: string,
  bytes: Uint8Array,
  spec: WindowSpec,
): { readonly start: number; readonly next: number; readonly body: Uint8Array } {
  if (bytes[0] !== VERSION) {
    throw new StateRestoreError(
      "STATE_VERSION",
      `The state of window '${operator}' has format ${bytes[0]}, which this version of Millrace does not know.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(1, true);
  const stored = new TextDecoder().decode(bytes.subarray(5, 5 + length));
  const declared = JSON.stringify(spec.assigner);
  if (stored !== declared) {
    throw new StateRestoreError(
      "STATE_TYPE_CHANGED",
      `The windows of '${operator}' were ${stored} in the checkpoint and are ${declared} now.`,
    );
  }
  return { start: view.getFloat64(5 + length, true), next: view.getFloat64(13 + length, true), body: bytes.subarray(21 + length) };
}
