// Hands out producer ids that no other producer of this data directory ever had. Ids are reserved in blocks: the end of the block is
// on disk before its first id is given away, so a crash skips ids but never repeats one.
import { isPlanted } from "../../../env/planted-faults.ts";
import type { Files } from "../../../env/files.ts";
import { makeDirectoryDurably } from "../../../log/durable-directory.ts";

const BLOCK = 1000;
const FILE = "producer-ids";

export class ProducerIds {
  readonly #files: Files;
  readonly #directory: string;
  #next = 0;
  #end = 0;
  #reserving: Promise<void> | undefined;

  constructor(files: Files, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  async allocate(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#reserving ??= this.#reserve().finally(() => (this.#reserving = undefined));
      await this.#reserving;
    }
    return this.#next++;
  }

  async #reserve(): Promise<void> {
    const start = isPlanted("producer-ids-repeat") ? this.#end : Math.max(this.#end, await this.#readEnd());
    const end = start + BLOCK;
    await makeDirectoryDurably(this.#files, this.#directory);
    const path = `${this.#directory}/${FILE}`;
    const file = await this.#files.open(`${path}.tmp`, "w+");
    try {
      await file.write([new TextEncoder().encode(`${end}\n`)], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#files.rename(`${path}.tmp`, path);
    await this.#files.syncDirectory(this.#directory);
    this.#next = start;
    this.#end = end;
  }

  async #readEnd(): Promise<number> {
    const path = `${this.#directory}/${FILE}`;
    if ((await this.#files.stat(path)) === undefined) return 0;
    const text = new TextDecoder().decode(await this.#files.readFile(path)).trim();
    if (!/^\d{1,15}$/.test(text))
      throw new Error(`${path} should hold one number, the first free producer id; it does not: restore the file`);
    return Number(text);
  }
}
