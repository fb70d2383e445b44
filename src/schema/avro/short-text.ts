// Text of up to 16 ASCII bytes without a call into the platform, which costs three times as much.

const of = String.fromCharCode;

export const MAX_SHORT_TEXT = 16;

/** undefined: not ASCII. At most MAX_SHORT_TEXT bytes. */
export function shortText(b: Uint8Array, p: number, length: number): string | undefined {
  let all = 0;
  for (let index = 0; index < length; index++) all |= b[p + index]!;
  if (all > 0x7f) return undefined;
  return length < 9 ? upTo8(b, p, length) : upTo16(b, p, length);
}

function upTo8(b: Uint8Array, p: number, length: number): string {
  switch (length) {
    case 0:
      return "";
    case 1:
      return of(b[p]!);
    case 2:
      return of(b[p]!, b[p + 1]!);
    case 3:
      return of(b[p]!, b[p + 1]!, b[p + 2]!);
    case 4:
      return of(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!);
    case 5:
      return of(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!);
    case 6:
      return of(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!);
    case 7:
      return of(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!, b[p + 6]!);
    default:
      return of(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!, b[p + 6]!, b[p + 7]!);
  }
}

function upTo16(b: Uint8Array, p: number, length: number): string {
  const s = b[p]!;
  const t = b[p + 1]!;
  const u = b[p + 2]!;
  const v = b[p + 3]!;
  const w = b[p + 4]!;
  const x = b[p + 5]!;
  const y = b[p + 6]!;
  const z = b[p + 7]!;
  switch (length) {
    case 9:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!);
    case 10:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!);
    case 11:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!);
    case 12:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!);
    case 13:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!, b[p + 12]!);
    case 14:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!, b[p + 12]!, b[p + 13]!);
    case 15:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!, b[p + 12]!, b[p + 13]!, b[p + 14]!);
    default:
      return of(s, t, u, v, w, x, y, z, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!, b[p + 12]!, b[p + 13]!, b[p + 14]!, b[p + 15]!);
  }
}
