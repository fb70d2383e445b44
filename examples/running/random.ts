// Numbers that depend on their arguments alone: the same (seed, stream, index) gives the same value in any order and on any machine.

/** Uniform 32-bit hash of three integers (index may exceed 32 bits). */
export function hash(seed: number, stream: number, index: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (index >>> 0), 0x27d4eb2f) ^ Math.imul(Math.floor(index / 2 ** 32) + 1, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Uniform in [0, 1). */
export function uniform(seed: number, stream: number, index: number): number {
  return hash(seed, stream, index) / 2 ** 32;
}

/** Standard normal (Box and Muller, 1958). */
export function normal(seed: number, stream: number, index: number): number {
  const u = (hash(seed, stream, index) + 1) / (2 ** 32 + 1);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * uniform(seed, stream + 0x51ed, index));
}
