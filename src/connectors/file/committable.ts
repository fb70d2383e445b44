// What a checkpoint keeps of a file sink: files that it makes visible, and unfinished ones with the length that belongs to it. A path is
// told relative to the sink's directory, so that the directory may be moved with its contents.
import { FileConnectorError } from "./file-connector-error.ts";

export interface FileCommittable {
  /** Under the staging directory. */
  readonly staged: string;
  /** Under the sink's directory. */
  readonly final: string;
  /** Bytes of the file that the checkpoint covers. */
  readonly length: number;
  /** No more will be written: visible with the checkpoint. */
  readonly whole: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCommittable(committable: FileCommittable): Uint8Array {
  return encoder.encode(JSON.stringify(committable));
}

/** Throws BAD_COMMITTABLE. */
export function decodeCommittable(bytes: Uint8Array, operator: string): FileCommittable {
  try {
    const { staged, final, length, whole } = JSON.parse(decoder.decode(bytes)) as FileCommittable;
    if (isInside(staged) && isInside(final) && Number.isSafeInteger(length) && length >= 0 && typeof whole === "boolean")
      return { staged, final, length, whole };
  } catch {
    // said below
  }
  throw new FileConnectorError("BAD_COMMITTABLE", `The checkpoint holds something for sink "${operator}" that a file sink did not write.`);
}

/** A relative path that stays below its directory. */
export function isInside(path: unknown): path is string {
  return typeof path === "string" && path !== "" && path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}
