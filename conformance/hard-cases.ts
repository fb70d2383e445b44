// Random cases as in random-cases.ts, where meanings are easily missed: evictors with triggers and sessions that merge, results that come
// again for late elements, count windows with lateness, a trigger of the user's own, joins with late elements and of sessions, versions of
// equal times, timers that are deleted. flink/OrderedJoins.java settles the order of two inputs: record by record, the left side first.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import type { JoinCase, Part, WindowCase } from "./case.ts";
import { condition, Draw, evictor, interval, joinWindow, key, rows, type RandomCase } from "./random-cases.ts";

export function hardCases(seed: number, count: number): readonly RandomCase[] {
  return Array.from({ length: count }, (_, index) => {
    const draw = new Draw(seed * 20_011 + index);
    const kind = draw.one(
      sessions,
      sessions,
      sessions,
      aligned,
      aligned,
      counts,
      global,
      windowJoin,
      windowJoin,
      intervalJoin,
      temporal,
      timers,
    );
    const made = { id: `hard-${seed}-${index}`, group: "random", input: "random", key: key(draw), ...kind(draw) };
    return (draw.chance(0.15) ? { ...made, filter: condition(draw, 1) } : made) as unknown as RandomCase;
  });
}

type Drawn = Readonly<Record<string, unknown>>;

function windowed(draw: Draw, window: WindowCase["window"], trigger: Part | undefined, chanceOfEvictor: number): Drawn {
  return {
    text: `${window.type}, trigger ${trigger?.type ?? "default"}`,
    kind: "window",
    window,
    sum: draw.one("v", "i"),
    allowedLatenessMs: draw.one(0, 3, 10, 30, 80),
    late: true,
    watermarkDelayMs: draw.one(0, 0, 3, 10),
    rows: rows(draw, draw.one(0, 10, 25, 60)),
    ...(trigger === undefined ? {} : { trigger }),
    ...(draw.chance(chanceOfEvictor) ? { evictor: evictor(draw) } : {}),
  };
}

function maybePurging(draw: Draw, trigger: Part): Part {
  return draw.chance(0.35) ? { type: "purging", of: trigger } : trigger;
}

/** A trigger of the user's own (budget-trigger.ts): fires when the values have come to `n`, and `ms` after an element. */
function budget(draw: Draw): Part {
  return { type: "budget", n: draw.int(1, 25), ms: draw.int(0, 20), ...(draw.chance(0.3) ? { after: true } : {}) };
}

function sessions(draw: Draw): Drawn {
  const dynamic = { if: ["<", ["f", "v"], 0], thenMs: draw.int(1, 12), elseMs: draw.int(1, 25) } as const;
  const window = draw.chance(0.5) ? { type: "session", gapMs: draw.int(1, 18) } : { type: "dynamicSession", gap: dynamic };
  const trigger = draw.one<Part>(
    { type: "count", n: draw.int(1, 6) },
    { type: "continuousEventTime", intervalMs: draw.int(1, 20) },
    { type: "eventTime" },
    budget(draw),
  );
  return windowed(draw, window, draw.chance(0.15) ? undefined : maybePurging(draw, trigger), 0.7);
}

function aligned(draw: Draw): Drawn {
  const sizeMs = draw.int(1, 60);
  const slideMs = draw.int(1, 40);
  const window = draw.chance(0.5)
    ? { type: "tumbling", sizeMs, offsetMs: draw.int(1 - sizeMs, sizeMs - 1) }
    : { type: "sliding", sizeMs, slideMs, offsetMs: draw.int(1 - slideMs, slideMs - 1) };
  const trigger = draw.one<Part>(
    { type: "delta", threshold: draw.int(0, 9), field: "v" },
    { type: "continuousEventTime", intervalMs: draw.int(1, 30) },
    { type: "eventTime" },
    budget(draw),
  );
  return windowed(draw, window, draw.chance(0.15) ? undefined : maybePurging(draw, trigger), 0.5);
}

function counts(draw: Draw): Drawn {
  const window = { type: "count", size: draw.int(1, 8), ...(draw.chance(0.7) ? { slide: draw.int(1, 8) } : {}) };
  return windowed(draw, window, undefined, draw.one(0, 0.3));
}

function global(draw: Draw): Drawn {
  const trigger = draw.one<Part>(
    { type: "count", n: draw.int(1, 5) },
    { type: "delta", threshold: draw.int(0, 9), field: "v" },
    budget(draw),
  );
  return windowed(draw, { type: "global" }, draw.chance(0.6) ? { type: "purging", of: trigger } : trigger, 0.6);
}

function sides(draw: Draw): Pick<JoinCase, "left" | "right"> {
  return draw.chance(0.7)
    ? { left: ["!=", ["f", "side"], 1], right: ["!=", ["f", "side"], 0] }
    : { left: condition(draw, 1), right: condition(draw, 1) };
}

function windowJoin(draw: Draw): Drawn {
  const type = draw.one("window", "coGroup");
  const window = draw.chance(0.6) ? { gapMs: draw.int(1, 18) } : joinWindow(draw);
  const trigger = draw.one<Part>(
    { type: "count", n: draw.int(1, 6) },
    { type: "continuousEventTime", intervalMs: draw.int(1, 20) },
    { type: "eventTime" },
  );
  const ofCountOrTime = draw.one<Part>({ type: "count", n: draw.int(1, 4) }, { type: "time", ms: draw.int(1, 25) });
  return {
    text: `${type}, late elements`,
    kind: "join",
    join: { type, ...window },
    ...sides(draw),
    ordered: true,
    allowedLatenessMs: draw.one(0, 3, 10, 40),
    watermarkDelayMs: draw.one(0, 0, 3, 10),
    rows: rows(draw, draw.one(0, 10, 30)),
    ...(draw.chance(0.5) ? { trigger: maybePurging(draw, trigger) } : {}),
    ...(draw.chance(0.4) ? { evictor: { ...ofCountOrTime, after: draw.chance(0.5) } } : {}),
  };
}

function intervalJoin(draw: Draw): Drawn {
  return {
    text: "interval, late sides",
    kind: "join",
    join: interval(draw),
    ...sides(draw),
    ordered: true,
    late: true,
    watermarkDelayMs: draw.one(0, 0, 3, 10),
    rows: rows(draw, draw.one(5, 10, 30)),
  };
}

/** No record is late: what is buffered then is a matter of taste. */
function temporal(draw: Draw): Drawn {
  const spread = draw.one(0, 0, 3, 10);
  return {
    text: "temporal",
    kind: "join",
    join: {
      type: "temporal",
      ...(draw.chance(0.5) ? { outer: true } : {}),
      ...(draw.chance(0.5) ? { deleteBelow: draw.int(-8, -3) } : {}),
    },
    ...sides(draw),
    ordered: true,
    watermarkDelayMs: spread + draw.int(0, 5),
    rows: rows(draw, spread),
  };
}

function timers(draw: Draw): Drawn {
  return {
    text: "deletions",
    kind: "process",
    function: "deletions",
    paramMs: draw.int(0, 25),
    watermarkDelayMs: draw.one(0, 0, 5, 20),
    rows: rows(draw, draw.one(0, 5, 20, 60)),
  };
}

if (import.meta.main) {
  const [seed, count, file] = argv.slice(2);
  if (file === undefined) throw new Error("hard-cases.ts SEED COUNT FILE");
  writeFileSync(
    file,
    `[\n${hardCases(Number(seed), Number(count))
      .map((one) => JSON.stringify(one))
      .join(",\n")}\n]\n`,
  );
}
