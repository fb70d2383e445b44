// Who waits for a savepoint: it is a checkpoint that began after the wish, copied to a place of its own when it is complete. Because the
// checkpoint itself counts for recovery, deleting the savepoint later can never make a restore go back behind committed output.
import { CheckpointError } from "../checkpoint/checkpoint-errors.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";

interface Wish {
  readonly path: string | undefined;
  readonly answer: PromiseWithResolvers<string>;
  /** The checkpoint that will fulfil it. */
  id: number | undefined;
}

export class SavepointDesk {
  readonly #store: CheckpointStore | undefined;
  #wishes: Wish[] = [];
  #final: { readonly path: string | undefined } | undefined;
  #finalPath: string | undefined;
  #closed = false;

  constructor(store: CheckpointStore | undefined) {
    this.#store = store;
  }

  /** Where the final savepoint went. */
  get finalPath(): string | undefined {
    return this.#finalPath;
  }

  async want(path: string | undefined): Promise<string> {
    if (this.#store === undefined) throw failed("the job has no checkpoint directory");
    if (this.#closed) throw failed("the job has ended");
    const wish: Wish = { path, answer: Promise.withResolvers<string>(), id: undefined };
    this.#wishes.push(wish);
    return await wish.answer.promise;
  }

  /** The job's last checkpoint becomes a savepoint, too. */
  wantFinal(path: string | undefined): void {
    this.#final = { path };
  }

  triggered(id: number): void {
    for (const wish of this.#wishes) wish.id ??= id;
  }

  failed(id: number, reason: string): void {
    this.#answer(id, (wish) => wish.answer.reject(failed(reason)));
  }

  /** Checkpoint `id` is complete. Never rejects: the wishes are told. */
  async completed(id: number, final: boolean): Promise<void> {
    const store = this.#store!;
    for (const wish of this.#wishes.filter((waiting) => waiting.id === id)) {
      const path = wish.path ?? store.savepointPath(id);
      await store.exportSavepoint(id, path).then(
        () => wish.answer.resolve(path),
        (error: unknown) => wish.answer.reject(error),
      );
    }
    this.#wishes = this.#wishes.filter((wish) => wish.id !== id);
    if (!final || this.#final === undefined) return;
    const path = this.#final.path ?? store.savepointPath(id);
    await store.exportSavepoint(id, path);
    this.#finalPath = path;
  }

  close(): void {
    this.#closed = true;
    for (const wish of this.#wishes) wish.answer.reject(failed("the job has ended"));
    this.#wishes = [];
  }

  #answer(id: number, answer: (wish: Wish) => void): void {
    for (const wish of this.#wishes) if (wish.id === id) answer(wish);
    this.#wishes = this.#wishes.filter((wish) => wish.id !== id);
  }
}

function failed(reason: string): CheckpointError {
  return new CheckpointError("CHECKPOINT_FAILED", `No savepoint was taken: ${reason}.`);
}
