// Text that appends the element at hand to a task output: the buffers' arrays are constants of the loop, because buffers are filled,
// sent and filled again. The twin of OutputWriter.append.
import type { Column } from "../../schema/column.ts";
import { fieldColumns } from "../../schema/columns.ts";
import type { OutputWriter } from "../subtask/output-writer.ts";
import type { PassThrough } from "../subtask/pass-through.ts";
import { selectKey } from "../state/key-selector.ts";
import { fieldExpression, writeRow } from "./row-code.ts";

export function outputScope(index: number, writer: OutputWriter, pass: PassThrough | undefined): Record<string, unknown> {
  if (pass !== undefined) return { [`p${index}`]: pass };
  const scope: Record<string, unknown> = { [`o${index}`]: writer, [`o${index}b`]: writer.buffers, [`o${index}type`]: writer.output.type };
  const single = writer.buffers.length === 1;
  const arrays = (of: (buffer: OutputWriter["buffers"][number]) => unknown): unknown =>
    single ? of(writer.buffers[0]!) : writer.buffers.map(of);
  for (const field of fieldColumns(writer.output.type)) {
    scope[`o${index}c${field.index}`] = arrays((buffer) => buffer.batch.columns[field.index]!.values);
    if (field.optional) scope[`o${index}c${field.index}n`] = arrays((buffer) => buffer.batch.columns[field.index]!.nulls);
  }
  scope[`o${index}ts`] = arrays((buffer) => buffer.batch.timestamps);
  if (writer.buffers[0]!.batch.origins !== undefined) scope[`o${index}or`] = arrays((buffer) => buffer.batch.origins);
  if (writer.choose !== undefined) scope[`o${index}choose`] = writer.choose;
  if (writer.key === undefined) return scope;
  scope[`o${index}groups`] = writer.targetOfGroup;
  scope[`o${index}hashes`] = arrays((buffer) => buffer.batch.keyHashes);
  scope[`o${index}keys`] = arrays((buffer) => (buffer.batch.key as Column).values);
  scope[`o${index}select`] = (element: unknown): unknown => selectKey(writer.key!, element);
  return scope;
}

/** `origin`: of the row at hand, as text. */
export function writeOutput(index: number, writer: OutputWriter, e: string, origin: string): string {
  const o = `o${index}`;
  const single = writer.buffers.length === 1;
  const at = single ? "" : "[t]";
  const target = `const b=${o}b[${single ? 0 : "t"}],n=b.rows;`;
  const begin = writer.buffers.some(({ siblings }) => siblings.length > 0) ? "if(n===0)b.begin();" : "";
  const row = writeRow(writer.output.type, `${o}type`, e, `${o}c`, at);
  const from = writer.buffers[0]!.batch.origins === undefined ? "" : `${o}or${at}[n]=${origin};`;
  const done = `if(rt.outputWatermark.time!==b.marked)b.mark();${o}ts${at}[n]=ts;${from}b.rows=n+1;if(n+1===MAX)${o}.full(b);`;
  return `${route(index, writer, e, single)}${target}${begin}${row}${keyCode(o, writer, at)}${done}`;
}

function route(index: number, writer: OutputWriter, e: string, single: boolean): string {
  if (writer.choose !== undefined) return `const t=o${index}choose(${e});`;
  if (writer.key === undefined) return single ? "" : `const t=o${index}.current;`;
  const { type } = writer.output;
  const key =
    writer.keyField < 0 || type?.kind !== "record" ? `o${index}select(${e})` : fieldExpression(e, type.fields[writer.keyField]!.name);
  const hash = `const k=${key},h=hashOfKey(k);`;
  return single ? hash : `${hash}const t=o${index}groups[keyGroup(h,${writer.targetOfGroup.length})];`;
}

function keyCode(o: string, writer: OutputWriter, at: string): string {
  if (writer.key === undefined) return "";
  return `${o}hashes${at}[n]=h;${writer.keyField < 0 ? `${o}keys${at}[n]=k===null?undefined:k;` : ""}`;
}
