// Random uuids (version 4) in their usual text form, from the environment's random.
import type { Random } from "../env/clock.ts";

export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** 16 random bytes as Apache Kafka prints ids: base64url, 22 characters, never a dash in front (it would look like an option). */
export function uuidText(random: Random): string {
  for (;;) {
    const hex = randomUuid(random).replaceAll("-", "");
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    const text = btoa(String.fromCharCode(...bytes)).slice(0, 22).replaceAll("+", "-").replaceAll("/", "_"); // prettier-ignore
    if (!text.startsWith("-")) return text;
  }
}
