// A sink's check() said that this setup could lose or duplicate output. Starting again would not help.

export class SetupRefusedError extends Error {
  readonly code = "SETUP_REFUSED";
  readonly operator: string;

  constructor(operator: string, cause: unknown) {
    super(`The sink "${operator}" refuses to start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "SetupRefusedError";
    this.operator = operator;
  }
}
