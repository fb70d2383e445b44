// The exclusive writer's lock of a directory, without kernel locks (Node has none). Announce, then look: a candidate creates a file whose
// unique name says who it is, then lists all such files. Invariants: nobody removes the file of a live process, so of two live candidates
// the one whose file came later sees the other's and withdraws; files of the dead are anybody's to remove. Names, unlike contents,
// cannot be half there after a power cut.
import { close, open, readdir, unlink } from "node:fs";
import { basename, join } from "node:path";
import type { DirectoryLock } from "../env/files.ts";
import { fromCallback } from "./callback.ts";
import { nodeTimers } from "./node-clock.ts";
import { nodeRandom } from "./node-random.ts";
import { isAlive, ownIdentity } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { openWitness, witnessAnswers } from "./witness-socket.ts";
import type { Witness } from "./witness-socket.ts";

/** Candidates that met withdraw, wait a random while and try again this often. */
const ATTEMPTS = 6;
const BACKOFF_MS = 40;
const NAME = /^lock\.(\d+)\.([\w-]+)\.([\w-]*)\.([\w-]*)\.([0-9a-f]+)\.(witness|alone)$/;

interface Announcement extends ProcessIdentity {
  readonly name: string;
  /** Its socket's name in the same directory. */
  readonly witness: string | undefined;
}

export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const self = await ownIdentity();
  let met = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    const own = await announce(path, self);
    const others = await livingOthers(path, own.name, self);
    if (others.length === 0) return { release: own.withdraw };
    await own.withdraw();
    // Whoever is still there since the last attempt is the holder, not another candidate.
    const holder = others.find((other) => met.has(other.name));
    if (holder !== undefined || attempt === ATTEMPTS) throw lockedError(path, holder ?? others[0]!);
    met = new Set(others.map((other) => other.name));
    await nodeTimers.sleep(BACKOFF_MS * (0.5 + nodeRandom.float()) * attempt);
  }
}

async function announce(path: string, self: ProcessIdentity): Promise<{ name: string; withdraw: () => Promise<void> }> {
  const id = nodeRandom.uint32().toString(16) + nodeRandom.uint32().toString(16);
  const witness = await openWitness(path, witnessName(id));
  const name = `lock.${self.pid}.${self.startTime}.${self.bootId}.${self.pidNamespace}.${id}.${witness === undefined ? "alone" : "witness"}`;
  try {
    const descriptor = await fromCallback<number>((done) => open(join(path, name), "wx", 0o644, done));
    await fromCallback<void>((done) => close(descriptor, done));
  } catch (error) {
    await witness?.close();
    throw error;
  }
  let withdrawn: Promise<void> | undefined;
  return { name, withdraw: () => (withdrawn ??= withdraw(join(path, name), witness)) };
}

/** Names of this process's own that could not be removed (a disk that has become read-only): they hold nothing any more. */
const givenUp = new Set<string>();

async function withdraw(file: string, witness: Witness | undefined): Promise<void> {
  try {
    await removeIfThere(file); // the directory may have been deleted meanwhile: then there is no lock to give back
  } catch (error) {
    givenUp.add(basename(file));
    throw error;
  } finally {
    await witness?.close();
  }
}

/** Reads all announcements; removes those of the dead. */
async function livingOthers(path: string, own: string, self: ProcessIdentity): Promise<Announcement[]> {
  const living: Announcement[] = [];
  for (const name of await fromCallback<string[]>((done) => readdir(path, done))) {
    const other = name === own ? undefined : parse(name);
    if (other === undefined) continue;
    if (await isDead(path, other, self)) {
      await removeIfThere(join(path, name));
      if (other.witness !== undefined) await removeIfThere(join(path, other.witness));
    } else living.push(other);
  }
  return living;
}

async function isDead(path: string, other: Announcement, self: ProcessIdentity): Promise<boolean> {
  if (givenUp.has(other.name)) return true;
  const answer = await isAlive(other, self);
  if (answer !== "unknown") return answer === "dead";
  // Another container, say: its pid means nothing here, but its socket is in the shared directory.
  return other.witness !== undefined && (await witnessAnswers(path, other.witness)) === "no";
}

function parse(name: string): Announcement | undefined {
  const fields = NAME.exec(name);
  if (fields === null) return undefined;
  const [, pid, startTime, bootId, pidNamespace, id, witness] = fields as unknown as string[];
  return {
    name,
    pid: Number(pid),
    startTime: startTime!,
    bootId: bootId!,
    pidNamespace: pidNamespace!,
    witness: witness === "witness" ? witnessName(id!) : undefined,
  };
}

function witnessName(id: string): string {
  return `.lock-${id}.socket`;
}

function removeIfThere(path: string): Promise<void> {
  return fromCallback((done) => unlink(path, (error) => done(error?.code === "ENOENT" ? null : error)));
}

function lockedError(path: string, holder: Announcement): Error {
  const text = `The directory ${path} is in use by process ${holder.pid} (${join(path, holder.name)}). Stop that process, or use another directory.`;
  return Object.assign(new Error(text), { code: "ELOCKED", path, pid: holder.pid });
}
