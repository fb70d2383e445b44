// Confluent's Java serialisers and rules for JSON Schema are on no repository that this lane may use. Who has them names them in
// MILLRACE_CONFLUENT_CLASSPATH (a class path as java's -cp takes it); without it these tests are skipped, with CI=true, too.
import { spawnSync } from "node:child_process";

const VARIABLE = "MILLRACE_CONFLUENT_CLASSPATH";

/** Confluent's classes and all they need, as a class path. Throws if nobody named them: ask withoutConfluent() first. */
export function confluentClasses(): string {
  const path = process.env[VARIABLE];
  if (path === undefined || path === "") throw new Error(`${VARIABLE} is not set: it names the class path with Confluent's classes.`);
  return path;
}

/** Why `what` is not run here, as node:test's `skip` takes it; false if all `classes` (full names) are on the class path. Says it in one line. */
export function withoutConfluent(what: string, ...classes: readonly string[]): string | false {
  const path = process.env[VARIABLE];
  if (path === undefined || path === "") return said(`not run: ${what} (${VARIABLE} names no class path with Confluent's classes)`);
  const { status, error } = spawnSync("javap", ["-cp", path, ...classes], { stdio: "ignore" });
  if (error !== undefined) return said(`not run: ${what} (javap cannot be run here: a Java development kit is needed)`);
  return status === 0 ? false : said(`not run: ${what} (${VARIABLE} has not all of ${classes.join(", ")})`);
}

function said(reason: string): string {
  console.log(reason);
  return reason;
}
