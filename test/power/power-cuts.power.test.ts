// Real file systems lose their power under a broker: what was acknowledged is on disk. Two control builds that skip a flush lose data, which
// shows that the cuts cut. `npm run test:power -- --cuts 40` is what the lane does; more by the option.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { missingPrerequisite } from "../../tools/stage.ts";
import { canMake, LoopDisk, missingForPowerCuts, type FileSystem } from "./loop-disk.ts";
import { cutPower } from "./power-cuts.ts";

const CUTS = Number(process.env["MILLRACE_CUTS"] ?? 40);
const CONTROL_CUTS = 5;
const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);

const missing = missingForPowerCuts();
if (missing !== undefined) missingPrerequisite("test:power", missing);

describe("power cuts", () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-power-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const kinds = (["ext4", "xfs"] as const).filter(canMake);
  if (!kinds.includes("xfs")) console.log("Power cuts on xfs were not run: mkfs.xfs is not installed (xfsprogs).");

  const onDisk = async (kind: FileSystem, body: (disk: LoopDisk) => Promise<void>): Promise<void> => {
    const disk = new LoopDisk(directory, kind);
    try {
      await body(disk);
    } finally {
      disk.remove();
    }
  };

  for (const kind of kinds) {
    it(`${kind}: ${Math.ceil(CUTS / kinds.length)} cuts lose nothing that was acknowledged`, () =>
      onDisk(kind, async (disk) => {
        const { problems, ...seen } = await cutPower(disk, { cuts: Math.ceil(CUTS / kinds.length), seed: SEED });
        console.log(
          `${kind}: ${seen.cuts} cuts, ${seen.acknowledged} acknowledged records, ${seen.topics} acknowledged topics; seed ${SEED}`,
        );
        assert.deepEqual(problems, []);
        assert.ok(seen.acknowledged > 0);
      }));

    for (const fault of ["no-fsync", "no-directory-sync"] as const)
      it(`${kind}: a build with ${fault} loses data`, () =>
        onDisk(kind, async (disk) => {
          const { cuts, problems } = await cutPower(disk, { cuts: CONTROL_CUTS, seed: SEED, fault });
          console.log(`${kind}, ${fault}: cut ${cuts}: ${problems.join(" ").slice(0, 160)}`);
          assert.notDeepEqual(problems, []);
        }));
  }
});
