// A connector's check() said that this setup could lose or duplicate output, or that what a source reads cannot be its type. Starting again
// would not help.

export class SetupRefusedError extends Error {
  readonly code = "SETUP_REFUSED";
  readonly operator: string;

  constructor(kind: "source" | "sink", operator: string, cause: unknown) {
    super(`The ${kind} "${operator}" refuses to start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "SetupRefusedError";
    this.operator = operator;
  }
}
