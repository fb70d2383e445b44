// Every mistake that a graph can show has a stable code, the place of the user's call, and says what to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { avg, collect, count, custom, last, sum } from "./aggregates.ts";
import type { Sink, Source } from "./connector.ts";
import type { DataStream } from "./data-stream.ts";
import { deadLetter } from "./dead-letter.ts";
import { pipeline, type PipelineBuilder } from "./pipeline.ts";
import { PipelineError, type PipelineErrorCode } from "./pipeline-error.ts";
import { mapState, valueState } from "./state.ts";
import { boundedOutOfOrderness, noWatermarks } from "./watermarks.ts";
import { tumbling } from "./windows.ts";

const Tx = t.record("Tx", {
  id: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  tags: t.array(t.string()),
  note: t.optional(t.string()),
});
const create = (): never => assert.fail("never");
const source = <T>(schema: Schema<T>): Source<T> => ({ connector: "fake", type: schema.type, describe: () => null, create });
const bare: Source<{ id: string; amount: number }> = { connector: "fake", type: undefined, describe: () => null, create };
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const timed = { watermarks: boundedOutOfOrderness("5s") };
/** What a caller without a compiler may pass. */
const any = (value: unknown): never => value as never;

function refuses(title: string, code: PipelineErrorCode, message: RegExp, build: (p: PipelineBuilder) => void): void {
  test(`${code}: ${title}`, () => {
    assert.throws(
      () =>
        pipeline("test", (p) => {
          build(p);
        }).graph(),
      (error) => {
        assert.ok(error instanceof PipelineError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.match(error.calledAt ?? "", /pipeline-errors\.test\.ts:\d+$/);
        return true;
      },
    );
  });
}

// ---------- names ----------
refuses(
  "two operators of one name",
  "DUPLICATE_NAME",
  /Two operators of pipeline "test" are named "a" \(the first: source at .*test\.ts:\d+\)/,
  (p) => {
    p.from("a", source(Tx)).to("a", sink());
  },
);
refuses("a process function without a name", "BAD_NAME", /process\(name, …\) needs a name of letters/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("", { output: t.string(), onElement() {} })
    .to("o", sink());
});
refuses("the name left out", "BAD_NAME", /not an object/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process(any({ output: t.string(), onElement() {} }), any(undefined))
    .to("o", sink());
});
refuses("a name that cannot be a file name", "BAD_NAME", /not "a\/b"/, (p) => {
  p.from("a/b", source(Tx)).to("o", sink());
});
refuses("a side output named main", "BAD_NAME", /cannot be named "main"/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("c", { output: t.string(), side: { main: Tx }, onElement() {} })
    .to("o", sink());
});

// ---------- loose ends ----------
refuses("nothing read", "NO_SOURCE", /start with p\.from/, () => {});
refuses("nothing written", "NO_SINK", /end a stream in \.to/, (p) => {
  p.from("a", source(Tx)).map((e) => e.id);
});
refuses("dead letters are no output", "NO_SINK", /writes nothing/, (p) => {
  p.from("a", source(Tx), { onError: deadLetter(sink()) });
});
refuses("a stream that leads nowhere", "UNUSED_STREAM", /The output of "map-2" leads nowhere/, (p) => {
  const s = p.from("a", source(Tx));
  s.to("o", sink());
  s.map((e) => e.id);
});
refuses("a side output that nobody uses", "UNUSED_SIDE_OUTPUT", /"check" declares the side output "risky" and nobody uses it/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("check", { output: t.string(), side: { risky: Tx }, onElement() {} })
    .to("o", sink());
});
refuses("late elements asked for and not used", "UNUSED_SIDE_OUTPUT", /"late"/, (p) => {
  p.from("a", source(Tx), timed).keyBy("id").window(tumbling("1h")).lateOutput().aggregate("w", { n: count() }).to("o", sink());
});

// ---------- schemas and fields ----------
refuses(
  "values kept from a stream without a schema",
  "SCHEMA_REQUIRED",
  /keeps values for "ids".*add \.returns\(Schema\) after "map-1"/,
  (p) => {
    p.from("a", source(Tx), timed)
      .map((e) => ({ id: e.id }))
      .keyBy("id")
      .window(tumbling("1h"))
      .aggregate("w", { ids: collect("id") })
      .to("o", sink());
  },
);
refuses("a process function without an output schema", "SCHEMA_REQUIRED", /output is the schema of what emit\(\) takes/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("c", any({ onElement() {} }))
    .to("o", sink());
});
refuses("a side output without a schema", "SCHEMA_REQUIRED", /side output "x" needs a schema/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("c", any({ output: Tx, side: { x: true }, onElement() {} }))
    .to("o", sink());
});
refuses("a key that is no field", "UNKNOWN_FIELD", /record Tx has no field "user"; its fields are id, amount, at, tags, note/, (p) => {
  p.from("a", source(Tx))
    .keyBy(any("user"))
    .process("c", { output: Tx, onElement() {} })
    .to("o", sink());
});
refuses("an aggregate of no field", "UNKNOWN_FIELD", /aggregate "x": record Tx has no field "user"/, (p) => {
  p.from("a", source(Tx), timed)
    .keyBy("id")
    .window(tumbling("1h"))
    .aggregate("w", { x: sum(any("user")) })
    .to("o", sink());
});
refuses("a field that cannot be a key", "BAD_ARGUMENT", /an optional field, which may be absent, is no key/, (p) => {
  p.from("a", source(Tx))
    .keyBy(any("note"))
    .process("c", { output: Tx, onElement() {} })
    .to("o", sink());
});
refuses("an aggregate of text", "BAD_AGGREGATE", /"x" wants numbers, not string/, (p) => {
  p.from("a", source(Tx), timed)
    .keyBy("id")
    .window(tumbling("1h"))
    .aggregate("w", { x: avg(any("id")) })
    .to("o", sink());
});
refuses("an aggregate named key", "BAD_AGGREGATE", /cannot be named "key"/, (p) => {
  p.from("a", source(Tx), timed)
    .keyBy("id")
    .window(tumbling("1h"))
    .aggregate("w", any({ key: count() }))
    .to("o", sink());
});
refuses("no aggregate at all", "BAD_AGGREGATE", /aggregates nothing/, (p) => {
  p.from("a", source(Tx), timed).keyBy("id").window(tumbling("1h")).aggregate("w", {}).to("o", sink());
});
refuses("something else as an aggregate", "BAD_AGGREGATE", /"n" is no aggregate/, (p) => {
  p.from("a", source(Tx), timed)
    .keyBy("id")
    .window(tumbling("1h"))
    .aggregate("w", any({ n: count }))
    .to("o", sink());
});
refuses("a lambda to keep without a schema", "BAD_AGGREGATE", /what a window keeps needs a schema/, () => {
  last(any((e: { id: string }) => e.id));
});
refuses("a custom aggregate without an accumulator", "BAD_AGGREGATE", /both are schemas/, () => {
  custom(any({ output: t.int() }));
});
refuses("a state that is no descriptor", "BAD_STATE", /state "n" is no state descriptor/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("c", any({ output: Tx, state: { n: t.long() }, onElement() {} }))
    .to("o", sink());
});
refuses("a state without a schema", "BAD_STATE", /valueState\(schema\): a schema is wanted/, () => {
  valueState(any("long"));
});
refuses("a map state without a schema", "BAD_STATE", /mapState\(key, value\)/, () => {
  mapState(t.string(), any(undefined));
});

// ---------- time ----------
for (const bad of ["5 minutes", "-5s", "1e3s", "", "5", -1, 1.5, NaN, Infinity, null])
  refuses(`the duration ${JSON.stringify(bad)}`, "BAD_DURATION", /is no duration; write whole milliseconds/, () => {
    tumbling(any(bad));
  });
refuses("a window of nothing", "BAD_DURATION", /0 ms holds nothing/, () => {
  tumbling(0);
});
refuses("an offset over the size", "BAD_DURATION", /offset must be less than the size/, () => {
  tumbling("1h", { offset: "1h" });
});
refuses("a bad bound", "BAD_DURATION", /boundedOutOfOrderness\(bound\)/, () => {
  boundedOutOfOrderness(any("soon"));
});
refuses("event time without watermarks", "NO_WATERMARKS", /event time needs watermarks/, (p) => {
  p.from("a", source(Tx), any({ eventTime: (e: { at: number }) => e.at })).to("o", sink());
});
refuses("a window over a stream without watermarks", "NO_WATERMARKS", /Window "w" would never fire: "a" has no watermarks/, (p) => {
  p.from("a", source(Tx)).keyBy("id").window(tumbling("1h")).aggregate("w", { n: count() }).to("o", sink());
});
refuses("one branch of a union without watermarks", "NO_WATERMARKS", /would never fire/, (p) => {
  const s: DataStream<{ id: string }> = p.from("a", source(Tx), timed);
  s.union(p.from("b", bare)).keyBy("id").window(tumbling("1h")).aggregate("w", { n: count() }).to("o", sink());
});

// ---------- arguments ----------
refuses("an async map", "BAD_ARGUMENT", /map\(fn\): the function must not be async/, (p) => {
  p.from("a", source(Tx))
    .map(any(async () => 1))
    .to("o", sink());
});
refuses("an async onElement", "BAD_ARGUMENT", /process\("c", …\): onElement: the function must not be async/, (p) => {
  p.from("a", source(Tx))
    .keyBy("id")
    .process("c", any({ output: Tx, async onElement() {} }))
    .to("o", sink());
});
refuses("no function", "BAD_ARGUMENT", /filter\(fn\): a function is wanted, not string/, (p) => {
  p.from("a", source(Tx)).filter(any("x")).to("o", sink());
});
refuses("no sink", "BAD_ARGUMENT", /to\("o", sink\): a sink is wanted/, (p) => {
  p.from("a", source(Tx)).to("o", any(undefined));
});
refuses("no source", "BAD_ARGUMENT", /from\("a", source\): a source is wanted/, (p) => {
  p.from("a", any({})).to("o", sink());
});
refuses("an unknown policy", "BAD_ARGUMENT", /onError is "fail", "skip" or deadLetter\(…\), not "ignore"/, (p) => {
  p.from("a", source(Tx), { onError: any("ignore") }).to("o", sink());
});
refuses("a dead-letter target that is none", "BAD_ARGUMENT", /deadLetter\(target\)/, () => {
  deadLetter(any("topic"));
});
refuses("half a subtask", "BAD_ARGUMENT", /parallelism is a whole number from 1, not 0\.5/, (p) => {
  p.from("a", source(Tx), { parallelism: 0.5 }).to("o", sink());
});
refuses("a stream joined with itself", "BAD_ARGUMENT", /a stream is given twice/, (p) => {
  const s = p.from("a", source(Tx));
  s.union(s).to("o", sink());
});
refuses("no window assigner", "BAD_ARGUMENT", /window\(assigner\)/, (p) => {
  p.from("a", source(Tx)).keyBy("id").window(any("1h"));
});
refuses("a name with spaces for the pipeline", "BAD_NAME", /pipeline\(name, build\) needs a name/, () => {
  pipeline("my pipeline", () => {});
});
refuses("an async build", "ASYNC_BUILD", /await before the pipeline is declared/, () => {
  pipeline(
    "b",
    any(async () => {}),
  ).graph();
});
refuses("a stream of another pipeline", "OTHER_PIPELINE", /a stream of pipeline "other" cannot join one of "test"/, (p) => {
  let foreign: DataStream<unknown> | undefined;
  pipeline("other", (q) => {
    foreign = q.from("a", source(Tx));
    foreign.to("o", sink());
  }).graph();
  p.from("a", source(Tx)).union(foreign!).to("o", sink());
});
refuses("a stream used after the build", "AFTER_BUILD", /already built; declare all streams inside/, () => {
  let kept: DataStream<unknown> | undefined;
  pipeline("kept", (q) => {
    kept = q.from("a", source(Tx));
    kept.to("o", sink());
  }).graph();
  kept!.to("p", sink());
});

test("a window without watermarks is accepted when it was said so", () => {
  pipeline("test", (p) => {
    p.from("a", source(Tx), { watermarks: noWatermarks() })
      .keyBy("id")
      .window(tumbling("1h"))
      .aggregate("w", { n: count() })
      .to("o", sink());
  }).graph();
});

// What the compiler refuses, and a file that runs without a type check meets:
for (const method of ["window", "reduce", "sum", "minBy", "intervalJoin", "windowJoin", "coGroup", "temporalJoin", "join"])
  refuses(`${method} on a stream without a key`, "NOT_KEYED", /: the stream is not keyed: add \.keyBy\("field"\) before it/, (p) => {
    (p.from("a", source(Tx), timed) as unknown as Record<string, (name: string) => void>)[method]!("x");
  });
refuses("windows that nothing is made of", "BAD_ARGUMENT", /to\(…\): window\(…\) does not say yet .* add \.aggregate\(/, (p) => {
  (p.from("a", source(Tx), timed).keyBy("id").window(tumbling("1h")) as unknown as DataStream<unknown>).to("o", sink());
});
refuses("a misspelt option of a source", "BAD_ARGUMENT", /no option "eventtime": did you mean "eventTime"\?/, (p) => {
  p.from("a", source(Tx), any({ ...timed, eventtime: () => 0 })).to("o", sink());
});
refuses("a join of keys that are never equal", "BAD_ARGUMENT", /the keys are string and double, which are never equal/, (p) => {
  const [a, b] = [p.from("a", source(Tx), timed).keyBy("id"), p.from("b", source(Tx), timed).keyBy("amount")];
  a.intervalJoin(
    "j",
    any(b),
    { lower: 0, upper: 1 },
    any((x: unknown) => x),
  ).to("o", sink());
});
