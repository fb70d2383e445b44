// The user's modules of a pipeline: which files they are (to watch them), and how to load changed ones anew. Node keeps a module by its
// URL for ever; a generation is a query on the entry's URL that a resolve hook hands on to everything the entry imports.
import { registerHooks } from "node:module";

const GENERATION = "millrace";
/** Of this package: its own modules are one set, whatever the generation. */
const PACKAGE = new URL("../../", import.meta.url).href;
const OWN = [`${PACKAGE}src/`, `${PACKAGE}dist/`];

export class UserModules {
  /** URLs without query. */
  readonly #files = new Set<string>();
  #hooks: { deregister(): void } | undefined;

  /** Everything that is imported below these entries from now on is known by files(). */
  track(entry: string): void {
    this.#files.add(bare(entry));
    this.#hooks ??= registerHooks({
      resolve: (specifier, context, nextResolve) => {
        const result = nextResolve(specifier, context);
        const { parentURL } = context;
        if (parentURL === undefined || !this.#files.has(bare(parentURL)) || !isUserFile(result.url)) return result;
        this.#files.add(bare(result.url));
        const generation = new URL(parentURL).searchParams.get(GENERATION);
        return generation === null ? result : { ...result, url: withGeneration(result.url, Number(generation)) };
      },
    });
  }

  /** Paths. */
  files(): readonly string[] {
    return [...this.#files].map((url) => decodeURIComponent(new URL(url).pathname));
  }

  close(): void {
    this.#hooks?.deregister();
  }
}

/** Generation 0 is the plain URL. */
export function withGeneration(url: string, generation: number): string {
  if (generation === 0) return url;
  const result = new URL(url);
  result.searchParams.set(GENERATION, String(generation));
  return result.href;
}

export function isUserFile(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/") && !OWN.some((own) => url.startsWith(own));
}

function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}
