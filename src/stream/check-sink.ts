// What .to() is given: a sink, and one that can take the stream's elements. A sink whose schema no element of its stream can fit would fail at the first record; the compiler refuses it, JavaScript and casts do not.
import { misfit } from "../schema/misfit.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { typeName } from "../schema/type-names.ts";
import type { Sink } from "./connector.ts";
import { PipelineError } from "./pipeline-error.ts";

/** `stream`: the type of its elements. If either type is unknown, each record is held to the sink's schema as it comes. */
export function checkSink(name: string, sink: Sink<never>, stream: TypeInfo | undefined, where: string | undefined): void {
  if (typeof sink?.create !== "function" || typeof sink.describe !== "function")
    throw new PipelineError("BAD_ARGUMENT", `to("${name}", sink): a sink is wanted, such as kafkaSink(topic).`, where);
  if (stream === undefined || sink.type === undefined) return;
  const found = misfit(stream, sink.type);
  if (found === undefined) return;
  const { path, from, to } = found;
  const what =
    path === ""
      ? `the elements are ${from}, and the sink writes ${to}`
      : `"${path}" is ${from} in the elements (${typeName(stream)}), and ${to} in what the sink writes (${typeName(sink.type)})`;
  throw new PipelineError(
    "BAD_ARGUMENT",
    `to("${name}", sink): ${what}: map the elements to that, or give the sink another schema.`,
    where,
  );
}
