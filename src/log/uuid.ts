// Ids of topics and clusters: 128 random bits as 22 characters of base64url, as Apache Kafka prints them.
import type { Random } from "../env/clock.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Random (RFC 4122 version 4), never one that begins with "-", which command lines take for an option. */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const text = base64url(bytes);
    if (!text.startsWith("-")) return text;
  }
}

function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const characters = Math.min(3, bytes.length - i) + 1;
    for (let c = 0; c < characters; c++) text += ALPHABET[(group >> (18 - 6 * c)) & 63];
  }
  return text;
}
