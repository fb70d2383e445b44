// A simulated file: what programs see, and what the platter holds. Invariant: they differ only in the sectors and lengths recorded as
// unsynced, each with the versions it went through since the last sync; a crash may leave any of those versions (Pillai et al.,
// "All File Systems Are Not Created Equal", OSDI 2014).
import { survives } from "./crash-style.ts";
import type { Crash } from "./crash-style.ts";
import type { Prng } from "./prng.ts";

export const SECTOR_BYTES = 512;
/** Older versions of one unsynced sector that are remembered. */
const MAX_VERSIONS = 8;

interface SectorHistory {
  /** Superseded contents, oldest first, with the operation that wrote each. */
  readonly versions: { readonly index: number; readonly bytes: Uint8Array }[];
  /** The operation that wrote what is there now. */
  index: number;
  /** A failed sync marked it clean: later syncs pass it over although the platter does not have it. */
  stranded: boolean;
}

/** What a datasync covers: the state when it began. */
export interface SyncCapture {
  readonly sectors: readonly { readonly sector: number; readonly index: number; readonly bytes: Uint8Array }[];
  readonly length: number;
  readonly lengthIndex: number;
}

export class SimFileNode {
  readonly kind = "file";
  modifiedMs = 0;
  #live = new Uint8Array(0);
  #length = 0;
  #durable = new Uint8Array(0);
  #durableLength = 0;
  readonly #unsynced = new Map<number, SectorHistory>();
  /** Lengths since the last sync, oldest first. */
  #lengths: { readonly index: number; readonly length: number }[] = [];
  /** Sectors, and a length, that a lying sync says are on the platter. */
  readonly #claimed = new Set<number>();
  #claimedLength = 0;

  get length(): number {
    return this.#length;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, into.length - offset, this.#length - position));
    into.set(this.#live.subarray(position, position + count), offset);
    return count;
  }

  contents(): Uint8Array {
    return this.#live.slice(0, this.#length);
  }

  write(index: number, bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.#touch(index, Math.min(position, this.#length), end);
    if (end > this.#length) this.#setLength(index, end);
    this.#live.set(bytes, position);
  }

  truncate(index: number, length: number): void {
    if (length === this.#length) return;
    this.#touch(index, Math.min(length, this.#length), Math.max(length, this.#length));
    this.#live.fill(0, Math.min(length, this.#length));
    this.#setLength(index, length);
  }

  captureSync(): SyncCapture {
    const sectors = [...this.#unsynced]
      .filter(([, history]) => !history.stranded)
      .map(([sector, history]) => ({ sector, index: history.index, bytes: this.#sector(this.#live, sector).slice() }));
    return { sectors, length: this.#length, lengthIndex: this.#lengths.at(-1)?.index ?? -1 };
  }

  /** A sync that answers well and does nothing. */
  claimSync(capture: SyncCapture): void {
    for (const { sector } of capture.sectors) this.#claimed.add(sector);
    this.#claimedLength = capture.length;
  }

  /** The first byte that a sync has promised and the platter does not have; undefined: all promises are kept. */
  get brokenPromiseAt(): number | undefined {
    const length = this.#claimedLength > this.#durableLength ? this.#durableLength : Infinity;
    const byte = Math.min(length, ...[...this.#claimed].map((sector) => sector * SECTOR_BYTES));
    return byte === Infinity ? undefined : byte;
  }

  /** Brings captured sectors to the platter; `chosen` leaves some out (a crash or an error in the middle). */
  completeSync(capture: SyncCapture, chosen: (sector: number) => boolean = () => true): void {
    this.#durable = grown(this.#durable, Math.max(capture.length, (capture.sectors.at(-1)?.sector ?? -1) * SECTOR_BYTES + SECTOR_BYTES));
    let complete = true;
    for (const { sector, index, bytes } of capture.sectors) {
      if (!chosen(sector)) {
        complete = false;
        continue;
      }
      this.#durable = grown(this.#durable, (sector + 1) * SECTOR_BYTES);
      this.#durable.set(bytes, sector * SECTOR_BYTES);
      this.#claimed.delete(sector);
      const history = this.#unsynced.get(sector);
      if (history?.index === index) this.#unsynced.delete(sector);
      else if (history !== undefined) removeWhere(history.versions, (version) => version.index <= index);
    }
    if (!complete) return;
    this.#durableLength = capture.length;
    this.#claimedLength = 0;
    this.#lengths = this.#lengths.filter((entry) => entry.index > capture.lengthIndex);
  }

  /** The kernel gave up on these sectors: readers go on seeing them, later syncs do not write them (as Linux does after EIO). */
  failSync(capture: SyncCapture, random: Prng): void {
    this.completeSync(capture, () => random.chance(0.5));
    for (const { sector, index } of capture.sectors) {
      const history = this.#unsynced.get(sector);
      if (history?.index === index) history.stranded = true;
    }
  }

  /** After a crash: what survived is all there is. */
  crash(crash: Crash): void {
    const length = this.#survivingLength(crash);
    const image = new Uint8Array(roundUp(length));
    image.set(this.#durable.subarray(0, Math.min(length, this.#durableLength)));
    for (const [sector, history] of this.#unsynced) {
      const at = sector * SECTOR_BYTES;
      if (at >= length) continue;
      const bytes = this.#survivingSector(crash, sector, history);
      if (bytes !== undefined) image.set(bytes, at);
      else if (crash.garbage && at >= this.#durableLength) image.set(crash.random.bytes(SECTOR_BYTES), at);
    }
    image.fill(0, length);
    this.#live = image;
    this.#durable = image.slice();
    this.#length = this.#durableLength = length;
    this.#unsynced.clear();
    this.#claimed.clear();
    this.#claimedLength = 0;
    this.#lengths = [];
  }

  #survivingLength(crash: Crash): number {
    const lengths = this.#lengths.filter((entry) => survives(crash, entry.index)).map((entry) => entry.length);
    const last = lengths.at(-1) ?? this.#durableLength;
    if (crash.style !== "random" || lengths.length === 0 || crash.random.chance(0.5)) return last;
    // A file system may grow a file in steps of its own.
    return crash.random.integer(Math.min(last, this.#durableLength), Math.max(last, this.#durableLength));
  }

  #survivingSector(crash: Crash, sector: number, history: SectorHistory): Uint8Array | undefined {
    if (crash.style === "random" && !history.stranded) {
      if (!survives(crash, history.index)) return undefined;
      const older = history.versions.length > 0 && crash.random.chance(0.3);
      return older ? crash.random.pick(history.versions).bytes : this.#sector(this.#live, sector);
    }
    if (history.stranded) return undefined;
    if (survives(crash, history.index)) return this.#sector(this.#live, sector);
    return history.versions.findLast((version) => survives(crash, version.index))?.bytes;
  }

  /** Remembers what is in the sectors of [start, end) before they change. */
  #touch(index: number, start: number, end: number): void {
    this.#live = grown(this.#live, end);
    for (let sector = Math.floor(start / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      const history = this.#unsynced.get(sector);
      if (history === undefined) {
        this.#unsynced.set(sector, { versions: [], index, stranded: false });
        continue;
      }
      if (history.index !== index) history.versions.push({ index: history.index, bytes: this.#sector(this.#live, sector).slice() });
      if (history.versions.length > MAX_VERSIONS) history.versions.shift();
      history.index = index;
      history.stranded = false;
    }
  }

  #setLength(index: number, length: number): void {
    this.#length = length;
    this.#lengths.push({ index, length });
  }

  #sector(bytes: Uint8Array, sector: number): Uint8Array {
    return bytes.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  }
}

function roundUp(length: number): number {
  return Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
}

/** At least `length` bytes, whole sectors, zeros behind what there was. */
function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(roundUp(length), bytes.length * 2));
  larger.set(bytes);
  return larger;
}

function removeWhere<T>(values: T[], matches: (value: T) => boolean): void {
  for (let index = values.length - 1; index >= 0; index--) if (matches(values[index]!)) values.splice(index, 1);
}
