// A directory of one's own for as long as it is needed: `millrace dev --ephemeral`, tests.
import { mkdtemp, rm } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromCallback } from "./callback.ts";

export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

export async function createTemporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await fromCallback<string>((done) => mkdtemp(join(tmpdir(), "millrace-"), done));
  return { path, remove: () => fromCallback((done) => rm(path, { recursive: true, force: true }, done)) };
}
