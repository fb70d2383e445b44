// The directories of a simulated disk. Every change of entries is a transaction, volatile until one of its directories is synced. A crash
// keeps a subset of the unsynced ones. Invariants: a rename is kept or lost as a whole; a transaction survives only if all earlier
// unsynced ones on the same names or nodes do, so the tree stays a tree.
import { fileError } from "../../env-node/file-error.ts";
import { survives } from "./crash-style.ts";
import type { Crash } from "./crash-style.ts";
import { SimFileNode } from "./sim-file-node.ts";

export class SimDirectoryNode {
  readonly kind = "directory";
  modifiedMs = 0;
  live = new Map<string, SimNode>();
  durable = new Map<string, SimNode>();
}

export type SimNode = SimFileNode | SimDirectoryNode;

interface Change {
  readonly directory: SimDirectoryNode;
  readonly name: string;
  /** undefined: the name is removed. */
  readonly node: SimNode | undefined;
}

interface Transaction {
  readonly index: number;
  readonly changes: readonly Change[];
  /** What was or is under the changed names. */
  readonly nodes: ReadonlySet<SimNode>;
}

export interface Place {
  readonly directory: SimDirectoryNode;
  readonly name: string;
}

export class SimDirectoryTree {
  readonly root = new SimDirectoryNode();
  /** In the order they happened. */
  #unsynced: Transaction[] = [];

  find(path: string): SimNode | undefined {
    let node: SimNode | undefined = this.root;
    for (const name of split(path)) {
      if (!(node instanceof SimDirectoryNode)) return undefined;
      node = node.live.get(name);
    }
    return node;
  }

  directory(operation: string, path: string): SimDirectoryNode {
    const node = this.find(path);
    if (node === undefined) throw fileError("ENOENT", operation, path, "no such file or directory");
    if (!(node instanceof SimDirectoryNode)) throw fileError("ENOTDIR", operation, path, "not a directory");
    return node;
  }

  /** Where an entry is or would be; its parent must exist. */
  place(operation: string, path: string): Place {
    const names = split(path);
    const name = names.pop();
    if (name === undefined) throw fileError("EBUSY", operation, path, "this is the root");
    const parent = this.find(names.join("/"));
    if (parent === undefined) throw fileError("ENOENT", operation, path, "no such file or directory");
    if (!(parent instanceof SimDirectoryNode)) throw fileError("ENOTDIR", operation, path, "not a directory");
    return { directory: parent, name };
  }

  add(index: number, place: Place, node: SimNode): void {
    this.#apply(index, [{ ...place, node }]);
  }

  remove(index: number, place: Place): void {
    this.#apply(index, [{ ...place, node: undefined }]);
  }

  rename(index: number, from: Place, to: Place): void {
    const node = from.directory.live.get(from.name)!;
    this.#apply(index, [
      { ...from, node: undefined },
      { ...to, node },
    ]);
  }

  /** Missing directories on the way to `path`, each its own transaction; `durable` as if they had always been there. */
  makeDirectories(index: number, path: string, durable = false): void {
    let directory = this.root;
    for (const name of split(path)) {
      const next = directory.live.get(name) ?? new SimDirectoryNode();
      if (!(next instanceof SimDirectoryNode)) throw fileError("EEXIST", "mkdir", path, "a file is in the way");
      if (!directory.live.has(name)) this.add(index, { directory, name }, next);
      if (durable) this.commit(this.capture(directory));
      directory = next;
    }
  }

  /** Removes what is below `directory`, deepest first. */
  clear(index: number, directory: SimDirectoryNode): void {
    for (const [name, node] of directory.live) {
      if (node instanceof SimDirectoryNode) this.clear(index, node);
      this.remove(index, { directory, name });
    }
  }

  *files(directory: SimDirectoryNode = this.root): Iterable<SimFileNode> {
    for (const node of directory.live.values()) {
      if (node instanceof SimFileNode) yield node;
      else yield* this.files(node);
    }
  }

  *paths(directory: SimDirectoryNode = this.root, above = ""): Iterable<readonly [string, SimFileNode]> {
    for (const [name, node] of directory.live) {
      if (node instanceof SimFileNode) yield [`${above}/${name}`, node];
      else yield* this.paths(node, `${above}/${name}`);
    }
  }

  /** The unsynced transactions that a sync of `directory` covers, with all that they rest upon. */
  capture(directory: SimDirectoryNode): ReadonlySet<Transaction> {
    const covered = new Set<Transaction>();
    const reach = new Reach();
    for (const transaction of this.#unsynced.toReversed()) {
      if (!transaction.changes.some((change) => change.directory === directory) && !reach.touches(transaction)) continue;
      covered.add(transaction);
      reach.include(transaction);
    }
    return covered;
  }

  /** `partial`: how many of the covered ones, in order, were written before something failed. */
  commit(covered: ReadonlySet<Transaction>, partial = covered.size): void {
    const written = new Set([...covered].toSorted((left, right) => left.index - right.index).slice(0, partial));
    this.#unsynced = this.#unsynced.filter((transaction) => {
      if (!written.has(transaction)) return true;
      applyDurably(transaction);
      return false;
    });
  }

  crash(crash: Crash): void {
    const lost = new Reach();
    for (const transaction of this.#unsynced) {
      if (!lost.touches(transaction) && survives(crash, transaction.index)) applyDurably(transaction);
      else lost.include(transaction);
    }
    this.#unsynced = [];
    settle(this.root, crash, new Set());
  }

  #apply(index: number, changes: readonly Change[]): void {
    const nodes = new Set<SimNode>();
    for (const { directory, name, node } of changes) {
      const before = directory.live.get(name);
      if (before !== undefined) nodes.add(before);
      if (node === undefined) directory.live.delete(name);
      else {
        nodes.add(node);
        directory.live.set(name, node);
      }
    }
    this.#unsynced.push({ index, changes, nodes });
  }
}

/** The nodes and names that some transactions touch. */
class Reach {
  readonly #nodes = new Set<SimNode>();
  readonly #names = new Map<SimDirectoryNode, Set<string>>();

  include(transaction: Transaction): void {
    for (const node of transaction.nodes) this.#nodes.add(node);
    for (const { directory, name } of transaction.changes) {
      let names = this.#names.get(directory);
      if (names === undefined) this.#names.set(directory, (names = new Set()));
      names.add(name);
    }
  }

  touches(transaction: Transaction): boolean {
    for (const node of transaction.nodes) if (this.#nodes.has(node)) return true;
    return transaction.changes.some(({ directory, name }) => this.#names.get(directory)?.has(name) === true);
  }
}

function applyDurably(transaction: Transaction): void {
  for (const { directory, name, node } of transaction.changes) {
    if (node === undefined) directory.durable.delete(name);
    else directory.durable.set(name, node);
  }
}

/** What is on the platter becomes what programs see. */
function settle(directory: SimDirectoryNode, crash: Crash, seen: Set<SimNode>): void {
  directory.live = new Map(directory.durable);
  for (const node of directory.live.values()) {
    if (seen.has(node)) throw new Error("A node has two names after a crash: the simulation is wrong.");
    seen.add(node);
    if (node instanceof SimDirectoryNode) settle(node, crash, seen);
    else node.crash(crash);
  }
}

function split(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
