// A file system in a file, mounted over a loop device, whose power can be cut: the shutdown ioctl of ext4 and xfs, told not to write its
// journal out, forgets whatever is in memory only. Needs root.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** _IOR('X', 125, __u32) with the flag NOLOGFLUSH. */
const SHUTDOWN = `use Fcntl; sysopen(my $disk, $ARGV[0], O_RDONLY) or die "$!"; my $flags = pack("L", 2); ioctl($disk, 0x8004587d, $flags) or die "$!";`;

export type FileSystem = "ext4" | "xfs";
/** xfs refuses less than 300 MB. */
const SIZE: Readonly<Record<FileSystem, string>> = { ext4: "256M", xfs: "320M" };
const PACKAGES: Readonly<Record<FileSystem, string>> = { ext4: "e2fsprogs", xfs: "xfsprogs" };

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });

/** Why no power can be cut here; undefined: it can. */
export function missingForPowerCuts(): string | undefined {
  if (process.getuid?.() !== 0) return "it mounts file systems, which takes root";
  if (!existsSync("/dev/loop-control") || !readdirSync("/dev").some((name) => /^loop\d/.test(name))) return "there are no loop devices";
  for (const command of ["mount", "mkfs.ext4", "perl", "kcat"])
    if (spawnSync("which", [command]).status !== 0) return `${command} is not installed`;
  return undefined;
}

const hasMaker = (kind: FileSystem): boolean => spawnSync("which", [`mkfs.${kind}`]).status === 0;

/** mkfs.xfs is installed where there are Debian's packages; without it the cuts on xfs are not run, and somebody says so. */
export function canMake(kind: FileSystem): boolean {
  if (hasMaker(kind)) return true;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", PACKAGES[kind]]])
    if (spawnSync("apt-get", args, { env, stdio: "ignore" }).status !== 0) return false;
  return hasMaker(kind);
}

export class LoopDisk {
  readonly path: string;
  readonly image: string;
  #mounted = false;

  constructor(directory: string, kind: FileSystem, size: string = SIZE[kind]) {
    this.path = join(directory, `disk-${kind}`);
    this.image = join(directory, `${kind}.image`);
    mkdirSync(this.path, { recursive: true });
    run("truncate", "-s", size, this.image);
    run(`mkfs.${kind}`, "-q", kind === "ext4" ? "-F" : "-f", this.image);
    this.mount();
  }

  mount(): void {
    run("mount", "-o", "loop", this.image, this.path);
    this.#mounted = true;
  }

  /** Another image of the same kind, beside this one. */
  mountAlso(image: string): { readonly path: string; unmount(): void } {
    const path = `${this.path}-also`;
    mkdirSync(path, { recursive: true });
    run("mount", "-o", "loop", image, path);
    return { path, unmount: () => run("umount", path) };
  }

  cutPower(): void {
    run("perl", "-e", SHUTDOWN, this.path);
  }

  unmount(): void {
    run("umount", this.path);
    this.#mounted = false;
  }

  remove(): void {
    if (this.#mounted) run("umount", "-l", this.path);
    rmSync(this.image, { force: true });
  }
}
