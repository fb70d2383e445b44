// Where a group's offsets are reset to.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseOffsetRows, parseResetTarget, type ResetFlags } from "./reset-target.ts";

const now = 1_700_000_000_000;
const time = (timestamp: number) => ({ kind: "place", where: { kind: "time", timestamp } });

describe("the place of a reset", () => {
  it("is said with --to, or with the options of Apache Kafka's tool", () => {
    const cases: [ResetFlags, object][] = [
      [{ to: "start" }, { kind: "place", where: { kind: "start" } }],
      [{ to: "-5" }, { kind: "place", where: { kind: "last", count: 5 } }],
      [{ to: "+5" }, { kind: "shift", by: 5 }],
      [{ to: "by:-5" }, { kind: "shift", by: -5 }],
      [{ toEarliest: true }, { kind: "place", where: { kind: "start" } }],
      [{ toLatest: true }, { kind: "place", where: { kind: "end" } }],
      [{ toCurrent: true }, { kind: "shift", by: 0 }],
      [{ toOffset: "7" }, { kind: "place", where: { kind: "offset", offset: 7 } }],
      [{ shiftBy: "-3" }, { kind: "shift", by: -3 }],
      [{ shiftBy: "3" }, { kind: "shift", by: 3 }],
      [{ toDatetime: "2026-01-01T00:00:00.000" }, time(1_767_225_600_000)],
      [{ toDatetime: "2026-01-01T01:00:00+01:00" }, time(1_767_225_600_000)],
      [{ byDuration: "P1DT1H" }, time(now - 25 * 3_600_000)],
      [{ byDuration: "PT0.5S" }, time(now - 500)],
      [{ fromFile: "a.csv" }, { kind: "file", path: "a.csv" }],
    ];
    for (const [flags, target] of cases) assert.deepEqual(parseResetTarget(flags, now), target, JSON.stringify(flags));
  });

  it("is exactly one, and what is none is refused with examples", () => {
    const cases: [ResetFlags, RegExp][] = [
      [{}, /Say where to: --to start/],
      [{ to: "start", shiftBy: "1" }, /--to and --shift-by contradict/],
      [{ to: "bogus" }, /--to bogus: expected start.* or \+N or by:-N/],
      [{ toOffset: "-1" }, /--to-offset -1: expected an offset/],
      [{ shiftBy: "1.5" }, /--shift-by 1\.5: expected a whole number/],
      [{ toDatetime: "yesterday" }, /--to-datetime yesterday: expected a time/],
      [{ toDatetime: "2026-13-01T00:00:00" }, /expected a time/],
      [{ byDuration: "P" }, /--by-duration P: expected/],
      [{ byDuration: "PT" }, /expected how long ago/],
      [{ byDuration: "1h" }, /expected how long ago, such as P7D/],
    ];
    for (const [flags, message] of cases) assert.throws(() => parseResetTarget(flags, now), { name: "CliError", exitCode: 2, message });
  });
});

describe("a file of offsets", () => {
  it("has a line per partition, with or without the group", () => {
    const rows = [
      { topic: "a", partition: 0, offset: 7 },
      { topic: "b.c", partition: 11, offset: 0 },
    ];
    assert.deepEqual(parseOffsetRows('a,0,7\r\n\n"b.c", 11, 0\n', "g", "f.csv"), rows);
    assert.deepEqual(parseOffsetRows("g,a,0,7\nother,a,0,9\ng,b.c,11,0\n", "g", "f.csv"), rows);
  });

  it("is refused by line", () => {
    for (const line of ["a,0", "a,x,1", "a,0,-1", ",0,1", "a,0,1,2,3"])
      assert.throws(() => parseOffsetRows(`a,1,1\n${line}`, "g", "f.csv"), {
        exitCode: 2,
        message: /^f\.csv, line 2: expected TOPIC,PARTITION,OFFSET/,
      });
    assert.throws(() => parseOffsetRows("h,a,0,1", "g", "f.csv"), { exitCode: 2, message: /no offsets of group "g"/ });
  });
});
