// The evictors (stream/evictors.ts) at work: which elements of a window stay, as with Flink's.
import type { EvictorSpec } from "../../stream/graph.ts";

export interface WindowElement {
  /** Order of arrival within the key. */
  readonly n: number;
  /** Event time. */
  readonly t: number;
  readonly e: unknown;
}

/** `elements` in order of arrival. */
export function evict(evictor: EvictorSpec, elements: readonly WindowElement[]): readonly WindowElement[] {
  switch (evictor.kind) {
    case "count":
      return elements.length <= evictor.count ? elements : elements.slice(elements.length - evictor.count);
    case "time": {
      let newest = -Infinity;
      for (const { t } of elements) if (t > newest) newest = t;
      return newest === -Infinity ? elements : elements.filter(({ t }) => t > newest - evictor.keepMs);
    }
    case "delta": {
      const last = elements.at(-1)?.e;
      return elements.filter(({ e }) => !(evictor.delta(e, last) >= evictor.threshold));
    }
  }
}
