// Asks a running server over its HTTP API. Its refusals become exit codes: 404 not found, 409 conflict, 400 usage.
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { ServerAddress } from "./find-server.ts";

const EXIT_CODES: Readonly<Record<number, ExitCode>> = { 400: EXIT.usage, 404: EXIT.notFound, 409: EXIT.conflict };

export async function askServer<T>(server: ServerAddress, method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(server.console + path, {
      method,
      headers: { authorization: `Bearer ${server.token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const reason = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new CliError(
      EXIT.unreachable,
      `No server answers at ${server.console} (${reason}). Start one with: millrace dev, or name it with --url.`,
    );
  }
  const answer = (await response.json().catch(() => ({}))) as { error?: string };
  if (response.ok) return answer as T;
  throw new CliError(EXIT_CODES[response.status] ?? EXIT.failed, answer.error ?? `${server.console} answered ${response.status}.`);
}
