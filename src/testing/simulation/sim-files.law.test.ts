// The simulated disk against a naive model: what was synced is there after every crash; what was not is one of the versions it had;
// names are as some subset of the unsynced changes leaves them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { drawCrash } from "./crash-style.ts";
import { Prng } from "./prng.ts";
import { SimDirectoryTree } from "./sim-directory-tree.ts";
import type { SimDirectoryNode } from "./sim-directory-tree.ts";
import { SECTOR_BYTES, SimFileNode } from "./sim-file-node.ts";

const runSeed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
const MAX_POSITION = 3000;

const fileStep = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      position: fc.nat(MAX_POSITION),
      length: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate" as const), length: fc.nat(MAX_POSITION) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sync" as const) }) },
);

/** All contents the file ever had since the last sync, that one included, as plain arrays. */
class NaiveFile {
  bytes: number[] = [];
  since: number[][] = [[]];

  change(change: (bytes: number[]) => void): void {
    this.bytes = this.bytes.slice();
    change(this.bytes);
    this.since.push(this.bytes);
  }

  sync(): void {
    this.since = [this.bytes];
  }
}

function sectorOf(bytes: readonly number[], sector: number, length: number): string {
  const padded = Array.from({ length: SECTOR_BYTES }, (_, index) => {
    const at = sector * SECTOR_BYTES + index;
    return at < length ? (bytes[at] ?? 0) : 0;
  });
  return padded.join();
}

test("each sector a crash leaves is one that was there since the last sync, and lengths stay between", () => {
  fc.assert(
    fc.property(fc.array(fileStep, { maxLength: 25 }), fc.nat(), (steps, seed) => {
      const file = new SimFileNode();
      const model = new NaiveFile();
      steps.forEach((step, index) => {
        if (step.kind === "write") {
          const value = 1 + (index % 255);
          file.write(index, new Uint8Array(step.length).fill(value), step.position);
          model.change((bytes) => {
            while (bytes.length < step.position) bytes.push(0);
            for (let at = step.position; at < step.position + step.length; at++) bytes[at] = value;
          });
        } else if (step.kind === "truncate") {
          file.truncate(index, step.length);
          model.change((bytes) => {
            while (bytes.length < step.length) bytes.push(0);
            bytes.length = step.length;
          });
        } else {
          file.completeSync(file.captureSync());
          model.sync();
        }
        assert.deepEqual([...file.contents()], model.bytes);
      });
      file.crash(drawCrash(new Prng(seed), steps.length, 0));
      const left = [...file.contents()];
      const lengths = model.since.map((bytes) => bytes.length);
      assert.ok(left.length >= Math.min(...lengths) && left.length <= Math.max(...lengths));
      for (let sector = 0; sector * SECTOR_BYTES < left.length; sector++) {
        const allowed = new Set([...model.since, []].map((bytes) => sectorOf(bytes, sector, left.length)));
        if (model.since.length === 1) allowed.delete(sectorOf([], sector, left.length));
        allowed.add(sectorOf(model.since[0]!, sector, left.length));
        assert.ok(allowed.has(sectorOf(left, sector, left.length)), `sector ${sector} was never like this`);
      }
      if (model.since.length === 1) assert.deepEqual(left, model.bytes, "everything was synced");
    }),
    { numRuns: 200, ...runSeed },
  );
});

test("losing everything leaves the last sync, keeping everything leaves the last write", () => {
  fc.assert(
    fc.property(fc.array(fileStep, { maxLength: 25 }), fc.constantFrom("lose" as const, "keep" as const), (steps, style) => {
      const file = new SimFileNode();
      let synced = file.contents();
      steps.forEach((step, index) => {
        if (step.kind === "write") file.write(index, new Uint8Array(step.length).fill(1 + (index % 255)), step.position);
        else if (step.kind === "truncate") file.truncate(index, step.length);
        else {
          file.completeSync(file.captureSync());
          synced = file.contents();
        }
      });
      const before = file.contents();
      file.crash(drawCrash(new Prng(1), steps.length, 0, style));
      assert.deepEqual(file.contents(), style === "lose" ? synced : before);
    }),
    { numRuns: 100, ...runSeed },
  );
});

test("what was written while a sync ran is not covered by it", () => {
  const file = new SimFileNode();
  file.write(0, Uint8Array.of(1, 1, 1), 0);
  const capture = file.captureSync();
  file.write(1, Uint8Array.of(2, 2, 2, 2), 0);
  file.completeSync(capture);
  file.crash(drawCrash(new Prng(1), 2, 0, "lose"));
  assert.deepEqual([...file.contents()], [1, 1, 1]);
});

test("after a sync that failed, a later one that succeeds does not save what the first had to", () => {
  let lost = 0;
  for (let seed = 0; seed < 20; seed++) {
    const file = new SimFileNode();
    file.write(0, new Uint8Array(4 * SECTOR_BYTES).fill(1), 0);
    file.failSync(file.captureSync(), new Prng(seed));
    assert.equal(file.contents()[0], 1, "readers see it until the crash");
    file.completeSync(file.captureSync());
    file.crash(drawCrash(new Prng(seed), 1, 0, "keep"));
    if ([...file.contents()].includes(0)) lost++;
  }
  assert.ok(lost > 10, String(lost));
});

const name = fc.constantFrom("a", "b", "c");
const entryStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("create" as const), directory: fc.nat(1), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), directory: fc.nat(1), name }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("rename" as const), directory: fc.nat(1), name, toDirectory: fc.nat(1), toName: name }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sync" as const), directory: fc.nat(1) }) },
);

test("after any crash every file has one name at most; losing all unsynced entries leaves the synced ones, keeping all leaves all", () => {
  fc.assert(
    fc.property(fc.array(entryStep, { maxLength: 30 }), fc.nat(), fc.constantFrom("lose", "keep", undefined), (steps, seed, style) => {
      const tree = new SimDirectoryTree();
      const directories = ["x", "y"].map((path) => {
        tree.makeDirectories(0, path, true);
        return tree.directory("open", path);
      });
      steps.forEach((step, index) => applyEntryStep(tree, directories, step, index));
      const snapshot = (map: "live" | "durable"): SimDirectoryNode["live"][] => directories.map((directory) => new Map(directory[map]));
      const [live, durable] = [snapshot("live"), snapshot("durable")];
      tree.crash(drawCrash(new Prng(seed), steps.length, 0, style));
      if (style === "lose") assert.deepEqual(snapshot("live"), durable);
      if (style === "keep") assert.deepEqual(snapshot("live"), live);
      const nodes = directories.flatMap((directory) => [...directory.live.values()]);
      assert.equal(new Set(nodes).size, nodes.length);
      assert.deepEqual(snapshot("durable"), snapshot("live"));
    }),
    { numRuns: 500, ...runSeed },
  );
});

function applyEntryStep(
  tree: SimDirectoryTree,
  directories: readonly SimDirectoryNode[],
  step: typeof entryStep extends fc.Arbitrary<infer S> ? S : never,
  index: number,
): void {
  const directory = directories[step.directory]!;
  if (step.kind === "sync") {
    const before = new Map(directory.live);
    tree.commit(tree.capture(directory));
    assert.deepEqual(directory.durable, before, "a sync makes all entries of its directory durable");
    return;
  }
  const place = { directory, name: step.name };
  const there = directory.live.has(step.name);
  if (step.kind === "create" && !there) tree.add(index, place, new SimFileNode());
  if (step.kind === "remove" && there) tree.remove(index, place);
  if (step.kind === "rename" && there && !(step.directory === step.toDirectory && step.name === step.toName)) {
    tree.rename(index, place, { directory: directories[step.toDirectory]!, name: step.toName });
  }
}
