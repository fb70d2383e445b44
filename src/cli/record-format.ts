// The -f format of `topic tail`, as kcat's: %t topic, %p partition, %o offset, %T timestamp, %k key, %s (or %v) value, %h headers, %K and %S
// their sizes, %R the value's size as a big-endian int32, %% a percent sign; \n \t \r \0 \\ and \xNN. rpk's %V is %S, its %d is %T, its %H
// the number of headers. Keys, values and those of headers are bytes
// and go out as they are.
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export interface TailedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

type Part = Uint8Array | ((record: TailedRecord) => string | Uint8Array | null);

const FIELDS: Readonly<Record<string, (record: TailedRecord) => string | Uint8Array | null>> = {
  t: (record) => record.topic,
  p: (record) => String(record.partition),
  o: (record) => String(record.offset),
  T: (record) => String(record.timestamp),
  k: (record) => record.key,
  v: (record) => record.value,
  s: (record) => record.value,
  h: (record) => headersOf(record),
  H: (record) => String(record.headers.length),
  K: (record) => String(sizeOf(record.key)),
  S: (record) => String(sizeOf(record.value)),
  V: (record) => String(sizeOf(record.value)),
  R: (record) => bigEndian(sizeOf(record.value)),
  d: (record) => String(record.timestamp),
};
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0", "\\": "\\" };

function headersOf({ headers }: TailedRecord): Uint8Array {
  const pieces = headers.flatMap(({ key, value }, i) => [Buffer.from(`${i === 0 ? "" : ","}${key}=`), value ?? Buffer.from("NULL")]);
  return Buffer.concat(pieces);
}

function sizeOf(bytes: Uint8Array | null): number {
  return bytes === null ? -1 : bytes.length;
}

function bigEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Throws a CliError (usage) that names the unknown field. */
export function compileFormat(format: string): (record: TailedRecord) => Uint8Array {
  const parts: Part[] = [];
  const pattern = /%(.)|\\x([0-9A-Fa-f]{2})|\\(.)|[^%\\]+|[%\\]$/gsu;
  for (const [whole, field, hex, escape] of format.matchAll(pattern)) {
    if (field === "%") parts.push(Buffer.from("%"));
    else if (field !== undefined) {
      const read = FIELDS[field];
      if (read === undefined)
        throw new CliError(
          EXIT.usage,
          `Format "${format}": there is no %${field}. Use %t %p %o %T %k %v %h %K %S %R, or %% for a percent sign.`,
        );
      parts.push(read);
    } else if (hex !== undefined) parts.push(Buffer.from(hex, "hex"));
    else if (escape !== undefined) parts.push(Buffer.from(ESCAPES[escape] ?? whole));
    else parts.push(Buffer.from(whole));
  }
  return (record) => {
    const bytes: Uint8Array[] = [];
    for (const part of parts) {
      const piece = typeof part === "function" ? part(record) : part;
      if (piece !== null) bytes.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    }
    return Buffer.concat(bytes);
  };
}
