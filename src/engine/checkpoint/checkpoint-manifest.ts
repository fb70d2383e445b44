// The manifest makes a checkpoint: it is written last, and what it does not name does not exist. One line of JSON and one line with
// its CRC-32C, so that it can be read by eye and a damaged one is never believed.
import { crc32c } from "../../bytes/crc32c.ts";
import type { Json } from "../../stream/connector.ts";
import { CheckpointError } from "./checkpoint-errors.ts";

export const MANIFEST_VERSION = 1;

export interface StateFileRef {
  /** File name inside the checkpoint's directory. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Number of chunks. */
  readonly chunks: number;
}

/** What the hosts of a job contribute to a checkpoint: plain data, travels between threads. */
export interface HostSnapshot {
  readonly stateFiles: readonly StateFileRef[];
  /** Source operator → split id → position. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Sink operator → base64 of everything prepared and not yet known to be committed, oldest first. */
  readonly committables: Readonly<Record<string, readonly string[]>>;
}

export interface CheckpointManifest extends HostSnapshot {
  readonly version: number;
  readonly id: number;
  readonly kind: "checkpoint" | "savepoint";
  readonly job: string;
  readonly graphHash: string;
  readonly maxParallelism: number;
  /** Epoch ms when it was completed. */
  readonly timestamp: number;
  readonly operators: readonly { readonly name: string; readonly parallelism: number; readonly stateful: boolean }[];
}

/** A manifest and where its files are. */
export interface RestorePoint {
  readonly path: string;
  readonly manifest: CheckpointManifest;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  const line = JSON.stringify(manifest) + "\n";
  const crc = crc32c(encoder.encode(line));
  return encoder.encode(`${line}crc32c ${crc.toString(16).padStart(8, "0")}\n`);
}

/** Throws CHECKPOINT_DAMAGED with the reason. `path` is for the message only. */
export function decodeManifest(bytes: Uint8Array, path: string): CheckpointManifest {
  const damaged = (why: string) =>
    new CheckpointError(
      "CHECKPOINT_DAMAGED",
      `The manifest ${path} is damaged: ${why}. Nothing was restored; choose another checkpoint or savepoint explicitly (output after it may repeat).`,
    );
  const newline = bytes.indexOf(10);
  if (newline < 0) throw damaged("it has no end of line");
  let trailer: string;
  let text: string;
  try {
    trailer = decoder.decode(bytes.subarray(newline + 1)).trim();
    text = decoder.decode(bytes.subarray(0, newline));
  } catch {
    throw damaged("it is not text");
  }
  const crc = crc32c(bytes, 0, newline + 1)
    .toString(16)
    .padStart(8, "0");
  if (trailer !== `crc32c ${crc}`) throw damaged("its checksum does not fit its content");
  const manifest = JSON.parse(text) as CheckpointManifest;
  if (manifest.version !== MANIFEST_VERSION)
    throw new CheckpointError(
      "CHECKPOINT_FOREIGN",
      `The manifest ${path} has version ${manifest.version}; this program reads version ${MANIFEST_VERSION}. Start the program that wrote it, or take a savepoint with it.`,
    );
  return manifest;
}
