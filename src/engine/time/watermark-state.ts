// The watermark of a subtask behind an exchange, in a checkpoint: what was late before a restart is late after it. At another parallelism
// every subtask begins with the smallest of them.
import type { StateChunk } from "../subtask/subtask.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";

export const WATERMARK_STATE = "watermark";
const VERSION = 1;

/** u8 version, then little-endian: u32 index, u32 parallelism, f64 watermark. */
export function encodeWatermark(operator: string, index: number, parallelism: number, watermark: number): StateChunk {
  const bytes = new Uint8Array(17);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  view.setUint32(1, index, true);
  view.setUint32(5, parallelism, true);
  view.setFloat64(9, watermark, true);
  return { operator, address: { kind: "operator-state", name: WATERMARK_STATE, entry: index }, bytes };
}

export class RestoredWatermarks {
  readonly #byIndex = new Map<number, number>();
  #parallelism = 0;

  add(chunk: StateChunk): void {
    const view = new DataView(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.length);
    if (view.getUint8(0) !== VERSION) {
      throw new StateRestoreError("STATE_VERSION", `The watermark of '${chunk.operator}' was written by a newer Millrace.`);
    }
    this.#parallelism = view.getUint32(5, true);
    this.#byIndex.set(view.getUint32(1, true), view.getFloat64(9, true));
  }

  /** −Infinity if a checkpoint had none, or not all. */
  watermarkOf(index: number, parallelism: number): number {
    if (this.#byIndex.size < this.#parallelism || this.#parallelism === 0) return -Infinity;
    return parallelism === this.#parallelism ? this.#byIndex.get(index)! : Math.min(...this.#byIndex.values());
  }
}
