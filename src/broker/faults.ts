// Faults on demand, for tests of Kafka clients: requests of an API are delayed, lost before or after they were obeyed, refused,
// or answered differently.
// Rules are tried in the order in which they were made; the first that fits decides. Without rules this costs one comparison.
import { ErrorCode, type ErrorName } from "../protocol/errors.ts";
import type { ApiName, RequestOf, ResponseOf } from "../protocol/apis.ts";
import { canRefuse, refusalOf } from "./fault-refusals.ts";

export interface Fault<N extends ApiName = ApiName> {
  /** Waits so long before anything else. */
  readonly delayMs?: number;
  /** "request": it is never obeyed. "answer": it is obeyed and nobody is told. Either way the connection ends. */
  readonly drop?: "request" | "answer";
  /** Answered instead of obeyed: for the whole request, or for each topic, partition, group or key that it names. */
  readonly error?: ErrorName;
  /** Answered instead of obeyed: for errors of some parts, or anything else. */
  readonly respond?: (request: RequestOf<N>, version: number) => ResponseOf<N>;
  /** Obeyed, and what is returned is answered instead of `answer`, which it may change. Not called where there is no answer (acks=0). */
  readonly amend?: (answer: ResponseOf<N>, request: RequestOf<N>, version: number) => ResponseOf<N>;
  /** Only requests for which this holds. */
  readonly when?: (request: RequestOf<N>, version: number) => boolean;
  /** After so many requests the rule is over; unlimited unless said. */
  readonly times?: number;
}

/** The fault cannot be made for this API; the message says what to use instead. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly code = "INVALID_FAULT";
}

interface Rule {
  readonly api: ApiName;
  readonly fault: Fault;
  left: number;
}

export class Faults {
  #rules: Rule[] = [];

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Returns how to take the rule back. Throws a FaultError. */
  add<N extends ApiName>(api: N, fault: Fault<N>): () => void {
    if (fault.error !== undefined && !canRefuse(api)) {
      throw new FaultError(
        `An error of its own for every part of a ${api} answer is not known here: give ${fault.error} with amend or respond.`,
      );
    }
    if (fault.amend !== undefined && (fault.error !== undefined || fault.respond !== undefined)) {
      throw new FaultError(
        `${api}: error and respond answer instead of obeying, amend changes the answer of what was obeyed. Give one of them.`,
      );
    }
    const rule: Rule = { api, fault: fault as unknown as Fault, left: fault.times ?? Infinity };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  /** The fault this request meets, which is used up by that. */
  take(api: ApiName, request: unknown, version: number): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.api !== api || rule.fault.when?.(request as never, version) === false) continue;
      if (--rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
      return rule.fault;
    }
    return undefined;
  }
}

/** What is answered instead; undefined: the request is to be obeyed. */
export function answerOf(fault: Fault, api: ApiName, request: unknown, version: number): unknown {
  if (fault.respond !== undefined) return fault.respond(request as never, version);
  return fault.error === undefined ? undefined : refusalOf(api, request, ErrorCode[fault.error], version);
}
