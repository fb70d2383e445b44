// Faults on demand, for tests of Kafka clients: requests of an API are delayed, lost before or after they were obeyed, refused,
// or answered differently.
// Rules are tried in the order in which they were made; the first that fits decides. Without rules this costs one comparison.
import { ErrorCode, type ErrorName } from "../protocol/errors.ts";
import { API_KEYS, type ApiName, type RequestOf, type ResponseOf } from "../protocol/apis.ts";
import { canRefuse, refusalOf, withRefusedTopics } from "./fault-refusals.ts";

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

/** There is no such fault or API; the message says what to use instead. */
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
    check(api, fault);
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

const FIELDS = ["delayMs", "drop", "error", "respond", "amend", "when", "times"] as const satisfies readonly (keyof Fault)[];

/** For those whom no compiler tells. Throws a FaultError. */
function check<N extends ApiName>(api: N, fault: Fault<N>): void {
  if (API_KEYS[api] === undefined)
    throw new FaultError(`There is no API "${String(api)}"; names are Kafka's own, such as Produce or JoinGroup.`);
  if (typeof fault !== "object" || fault === null) throw new FaultError(`${api}: a fault is an object of ${FIELDS.join(", ")}.`);
  const wrong = (field: string, expected: string): never => {
    throw new FaultError(`${api}: ${field} is ${JSON.stringify((fault as Record<string, unknown>)[field])}; expected ${expected}.`);
  };
  for (const field of Object.keys(fault)) {
    if (!(FIELDS as readonly string[]).includes(field))
      throw new FaultError(`${api}: a fault has no "${field}"; it has ${FIELDS.join(", ")}.`);
  }
  const { delayMs, drop, error, respond, amend, when, times } = fault;
  if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0)) wrong("delayMs", "milliseconds from 0");
  if (drop !== undefined && drop !== "request" && drop !== "answer") wrong("drop", '"request" or "answer"');
  if (error !== undefined && ErrorCode[error] === undefined) wrong("error", "one of Kafka's errors, such as NOT_COORDINATOR");
  if (times !== undefined && !(Number.isInteger(times) && times >= 1)) wrong("times", "a whole number from 1");
  for (const [name, value] of Object.entries({ respond, amend, when }))
    if (value !== undefined && typeof value !== "function") wrong(name, "a function");
}

/** What is answered instead; undefined: the request is to be obeyed. */
export function answerOf(fault: Fault, api: ApiName, request: unknown, version: number): unknown {
  if (fault.respond !== undefined) return fault.respond(request as never, version);
  return fault.error === undefined ? undefined : refusalOf(api, request, ErrorCode[fault.error], version);
}

/** What is answered to a request that was obeyed. */
export function amended(fault: Fault, answer: unknown, request: unknown, version: number): unknown {
  if (fault.amend !== undefined) return fault.amend(answer as never, request as never, version);
  return fault.error === undefined ? answer : withRefusedTopics(answer as never, ErrorCode[fault.error]);
}
