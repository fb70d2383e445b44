import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetterTopic, kafkaSink, kafkaSource, topic } from "../connectors/kafka/index.ts";
import { arraySource } from "../connectors/memory/array-source.ts";
import { functionSink } from "../connectors/memory/function-sink.ts";
import { deadLetter, pipeline, t } from "../stream/index.ts";
import { sinkTopics } from "./sink-topics.ts";

const Word = t.record("Word", { word: t.string() });

test("results come before dead letters, each topic once, other sinks not at all", () => {
  const words = topic("words", Word);
  const results = topic("results", Word);
  const graph = pipeline("topics", (p) => {
    const stream = p.from("words", kafkaSource(words), { onError: deadLetter(kafkaSink(deadLetterTopic("malformed"))) });
    stream.to("results", kafkaSink(results));
    stream.to("again", kafkaSink(results));
    p.from("rows", arraySource(Word, [{ word: "a" }])).to(
      "function",
      functionSink(() => {}),
    );
  }).graph();
  assert.deepEqual(sinkTopics(graph), ["results", "malformed"]);
});
