// Makes functions from source that we generate from our own plans, never from data or users' text. Where the platform disallows it
// (--disallow-code-generation-from-strings, a content security policy), callers fall back to an interpreter of the same plan.

/** "auto": generate if the platform allows it. */
export type CodeGeneration = "auto" | "off";

let allowed: boolean | undefined;
let made = 0;

export function canGenerate(mode: CodeGeneration): boolean {
  return mode === "auto" && (allowed ??= tryIt());
}

/** `body` is the body of a function of `parameters`. The name makes the source unique, or V8 would share type feedback between equal sources. */
export function generateFunction<F>(name: string, parameters: readonly string[], body: string): F {
  return new Function(...parameters, `"use strict";${body}\n//# sourceURL=millrace/${name}/${++made}`) as F;
}

function tryIt(): boolean {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}
