// Writes a chain as one loop over columns: a row is an object literal that lives inside the loop only, so that V8's escape analysis takes
// it apart. The text comes from our plan alone; user functions, operators and buffers are passed in as values. Every loop has a source
// name of its own, because V8 shares type feedback between identical sources. chain-interpreter.ts is the twin without generated code.
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import { fieldColumns, type FieldColumn } from "../../schema/columns.ts";
import { keyGroup } from "../state/key-group.ts";
import { hashOfKey } from "../state/key-hash.ts";
import type { Emit } from "../subtask/chain-runtime.ts";
import { checkEventTime } from "../time/event-time.ts";
import type { ChainCompiler, ChainParts, RunRows } from "./chain-compiler.ts";
import { emitsByItself, hasOperator, keySelectorOf, mainConsumers, type Consumers, type PlanStep } from "./chain-plan.ts";
import { keyExpression, keyScope } from "./key-code.ts";
import { outputScope, writeOutput } from "./output-code.ts";
import { readAhead, READ_AHEAD_SCOPE, type ReadAhead } from "./read-ahead-code.ts";
import { iterable } from "./iterable.ts";
import { cellConstants, cellExpression, columnConstants, ROW_SCOPE, rowExpression } from "./row-code.ts";

/** Lambdas in a row before the loop calls a function for the rest: longer bodies exceed V8's budget for inlining. */
const MAX_LAMBDAS_IN_LINE = 10;

const IN_LOOP = "base+offsets[i]";
const CALLED = "rt.origin";

/** The watermarks between the rows of a batch. */
const MARKS_BEFORE =
  "const mc=batch.markCount,mr=batch.markRows,mt=batch.markTimes;let m=0;while(m<mc&&mr[m]<from)rt.advance(mt[m++]);let next=m<mc?mr[m]:-1;";
const MARKS_AFTER = "if(i===next){do{rt.advance(mt[m++]);}while(m<mc&&mr[m]===i);next=m<mc?mr[m]:-1;}";

export class ChainGenerator implements ChainCompiler {
  readonly #parts: ChainParts;
  /** Everything that generated text may name. */
  readonly #scope: Record<string, unknown>;
  #compiled = 0;
  /** Of the loop being compiled. */
  #side = 0;
  #ahead: ReadAhead | undefined;
  /** Where the row at hand came from, as text: in a loop, or in a function that is called from one. */
  #origin = CALLED;

  constructor(parts: ChainParts) {
    this.#parts = parts;
    const { runtime, writers, passThrough, watermarks, plan } = parts;
    this.#scope = {
      ...ROW_SCOPE,
      ...READ_AHEAD_SCOPE,
      rt: runtime,
      counts: runtime.counts,
      hashOfKey,
      keyGroup,
      iterable,
      checkEventTime,
      watermarks,
      MAX: MAX_BATCH_ROWS,
    };
    for (const step of plan.steps) {
      Object.assign(this.#scope, stepScope(step));
      Object.assign(this.#scope, runtime.operators[step.index]?.code(step.index).scope);
    }
    writers.forEach((writer, index) => Object.assign(this.#scope, outputScope(index, writer, passThrough[index])));
  }

  linkEmitters(): void {
    for (const step of this.#parts.plan.steps.toReversed()) {
      for (const [output, consumers] of step.consumers) {
        if (output === "main" && !emitsByItself(step)) continue;
        const emit = this.#compileEmitter(step, output, consumers);
        this.#parts.runtime.emitters[step.index]!.set(output, emit);
        if (output === "main") this.#scope[`emit${step.index}`] = emit;
      }
    }
  }

  compileLoop(sample: Batch, side: number): RunRows {
    this.#side = side;
    const head = this.#parts.plan.steps[0]!;
    const columns = columnConstants(fieldColumns(sample.type), "batch.columns", "v");
    const keyed = keySelectorOf(head, side) === undefined || sample.key === undefined ? undefined : keyCell(sample);
    const key = keyed === undefined ? "" : `${cellConstants(keyed, "batch.key", "vk")}const vh=batch.keyHashes;`;
    const keyOfRow = keyed === undefined ? "" : `const key=${cellExpression(keyed, "vk")},hash=vh[i];`;
    const row = `const e=${rowExpression(sample.type, "v")};${keyOfRow}`;
    this.#origin = IN_LOOP;
    this.#ahead = readAhead(head, this.#parts.runtime.operators, keyed !== undefined, sample, "v");
    const work = this.#headStep(head, keyed !== undefined);
    this.#origin = CALLED;
    const marks = this.#parts.watermarks === undefined && head.node.kind !== "source";
    return this.#compile(
      [
        `function run(batch,from,to){const times=batch.timestamps,base=rt.base,offsets=rt.offsets;${columns}${key}${marks ? MARKS_BEFORE : ""}let at=0;let i=from;${this.#ahead?.before ?? ""}`,
        `try{for(;i<to;i++){rt.row=i;${this.#ahead?.body ?? ""}${row}${work}${marks ? MARKS_AFTER : ""}}}`,
        `catch(thrown){throw rt.wrap(thrown,at);}rt.row=-1;}return run;`,
      ].join("\n"),
      "loop",
    ) as RunRows;
  }

  #compileEmitter(step: PlanStep, output: string, consumers: Consumers): Emit {
    const count = `counts[${step.index * 2 + (output === "main" ? 0 : 1)}]++;`;
    const rest = this.#consume(step, consumers, "e", 0, output === "errors");
    return this.#compile(
      `function emit(e,ts){let at=${step.index};${count}try{${rest}}catch(thrown){throw rt.wrap(thrown,at);}}return emit;`,
      "emit",
    ) as Emit;
  }

  /** The head's own work and everything behind it, for row `i` in `e`. */
  #headStep(head: PlanStep, keyed: boolean): string {
    const { node } = head;
    if (node.kind !== "source" && node.kind !== "timestamps") return `const ts=times[i];${this.#step(head, "e", 0, keyed)}`;
    let assign = "const ts=times[i];";
    if (node.time?.eventTime !== undefined) {
      assign =
        node.onError === "fail"
          ? "at=0;const ts=checkEventTime(f0(e));"
          : "at=0;let ts;try{ts=checkEventTime(f0(e));}catch(thrown){rt.handle(0,thrown,e,times[i]);continue;}";
    }
    return `${assign}counts[0]++;${this.#consume(head, mainConsumers(head), "e", 0, false)}${this.#watermarkCode()}`;
  }

  #watermarkCode(): string {
    const kind = this.#parts.watermarks?.kind;
    if (kind === undefined || kind === "none") return "";
    if (kind === "custom") return "at=0;{const w=watermarks.onEvent(e,ts);if(w>rt.watermark)rt.advance(w);}";
    return "if(ts>watermarks.max){const w=watermarks.raise(ts);if(w>rt.watermark)rt.advance(w);}";
  }

  /** Hands the element in `e` to all consumers of an output of `step`. */
  #consume(step: PlanStep, consumers: Consumers, e: string, depth: number, errors: boolean): string {
    const outputs = consumers.outputs.map((output) => this.#write(step, output, e, errors)).join("");
    return outputs + consumers.steps.map((child) => `{${this.#child(child, e, depth + 1)}}`).join("");
  }

  /** A step in line, or through a function of its own when the chain has become long. */
  #child(step: PlanStep, e: string, depth: number): string {
    if (depth % MAX_LAMBDAS_IN_LINE !== 0) return this.#step(step, e, depth, false);
    const name = `rest${step.index}_${this.#compiled}`;
    const origin = this.#origin;
    this.#origin = CALLED;
    this.#scope[name] = this.#compile(
      `function rest(e,ts){let at=${step.index};try{${this.#step(step, "e", depth, false)}}catch(thrown){throw rt.wrap(thrown,at);}}return rest;`,
      "rest",
    );
    this.#origin = origin;
    return `${name}(${e},ts);`;
  }

  #write(step: PlanStep, output: number, e: string, errors: boolean): string {
    const pass = this.#parts.passThrough[output];
    const text = pass === undefined ? writeOutput(output, this.#parts.writers[output]!, e, this.#origin) : `p${output}.add(i,ts);`;
    return `at=${step.index};{${errors ? text : guarded(step, text, e, "")}}`;
  }

  #step(step: PlanStep, e: string, depth: number, keyed: boolean): string {
    const { index, node } = step;
    const rest = (variable: string): string => this.#consume(step, mainConsumers(step), variable, depth, false);
    const at = `at=${index};`;
    const lenient = node.onError !== "fail";
    switch (node.kind) {
      case "map": {
        const next = `e${index}`;
        if (!lenient) return `${at}const ${next}=f${index}(${e});${rest(next)}`;
        const work = guarded(step, `${next}=f${index}(${e});`, e, `ok${index}=false;`);
        return `${at}let ${next},ok${index}=true;${work}if(ok${index}){counts[${index * 2}]++;${rest(next)}}`;
      }
      case "filter": {
        const passed = `counts[${index * 2}]++;${rest(e)}`;
        if (!lenient) return `${at}if(f${index}(${e})){${passed}}`;
        return `${at}let ok${index}=false;${guarded(step, `ok${index}=f${index}(${e});`, e, "")}if(ok${index}){${passed}}`;
      }
      case "flat-map":
        return at + guarded(step, flatMapCode(step, e), e, "");
      default:
        return at + guarded(step, this.#operatorStep(step, e, keyed, depth === 0 ? this.#side : 0), e, `op${index}.abandon();`);
    }
  }

  /** `keyed`: key and hash are there. */
  #operatorStep(step: PlanStep, e: string, keyed: boolean, side: number): string {
    const { index } = step;
    const selector = keySelectorOf(step, side);
    const hash = this.#ahead?.step === index && this.#origin === IN_LOOP ? this.#ahead.hash : undefined;
    const take = keyed || selector === undefined ? "" : `const key=${keyExpression(selector, e, index)},hash=${hash ?? "hashOfKey(key)"};`;
    return take + this.#parts.runtime.operators[index]!.code(index).element(e, side);
  }

  #compile(body: string, kind: string): unknown {
    const names = Object.keys(this.#scope);
    const source = `"use strict";${body}\n//# sourceURL=millrace/${this.#parts.sourceName}/${kind}-${this.#compiled++}`;
    return new Function(...names, source)(...names.map((name) => this.#scope[name]));
  }
}

/** Puts a step's own work under its policy; only where the element is wanted does it outlive the loop. */
function guarded(step: PlanStep, text: string, e: string, failed: string): string {
  const { onError } = step.node;
  if (onError === "fail") return text;
  return `try{${text}}catch(thrown){rt.handle(${step.index},thrown,${onError === "skip" ? "undefined" : e},ts);${failed}}`;
}

function flatMapCode(step: PlanStep, e: string): string {
  const { index } = step;
  const emit = (x: string): string => (step.consumers.has("main") ? `emit${index}(${x},ts);` : `counts[${index * 2}]++;`);
  return `const many=f${index}(${e});if(Array.isArray(many))for(let j=0;j<many.length;j++){${emit("many[j]")}}else for(const one of iterable(many)){${emit("one")}}`;
}

function stepScope(step: PlanStep): Record<string, unknown> {
  const { index, node } = step;
  if (node.kind === "map" || node.kind === "filter" || node.kind === "flat-map") return { [`f${index}`]: node.fn };
  if (node.kind === "source" || node.kind === "timestamps") return { [`f${index}`]: node.time?.eventTime };
  const selector = hasOperator(step) ? keySelectorOf(step) : undefined;
  return selector === undefined ? {} : keyScope(selector, index);
}

/** The key's column, described as it is in a batch at hand. */
function keyCell(sample: Batch): FieldColumn {
  const column = sample.key!;
  return { name: "", index: 0, column: column.kind, optional: column.nulls !== undefined, type: undefined };
}
