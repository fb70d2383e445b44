// Invoice lines in; hourly sales, customers' sessions, and recommendations that follow what is bought together, out.
import {
  boundedOutOfOrderness,
  collectSet,
  count,
  deadLetter,
  max,
  pipeline,
  processFunction,
  session,
  sum,
  t,
  tumbling,
  valueState,
} from "millrace";
import { csv, fileSink } from "millrace/connectors/file";
import { deadLetterTopic, kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import { outputDirectory } from "../running/output-directory.ts";
import { merge, neighbours, POPULAR, popularity, Question, questions } from "./baskets.ts";
import * as topics from "./topics.ts";
import { HourlySales, Line, Session, SessionRow } from "./topics.ts";

const malformed = deadLetter(kafkaSink(deadLetterTopic("malformed-records")));

/** Lines that are equal in everything, sent again by a till: by the whole line, forgotten after a day of event time. */
const distinct = processFunction(Line, {
  output: Line,
  side: { duplicate: Line },
  state: { seen: valueState(t.boolean(), { ttl: "1d", ttlDomain: "event-time" }) },
  onElement(line, { state, emit, side }) {
    if (state.seen.get() === true) return side.duplicate(line);
    state.seen.set(true);
    emit(line);
  },
});
const wholeLine = (line: Line): string => JSON.stringify({ ...line, sentAt: undefined });

export default pipeline("session-recommendations", (p) => {
  const lines = p.from("purchases", kafkaSource(topics.purchases), {
    eventTime: (line) => line.at,
    watermarks: boundedOutOfOrderness("1m"),
    onError: malformed,
  });

  lines
    .windowAll(tumbling("1h"))
    .aggregate("hourly", { lines: count(), mills: sum((line) => line.quantity * line.priceMills) })
    .map(({ window, lines: n, mills }) => ({ from: window.start, until: window.end, lines: n, mills }))
    .returns(HourlySales)
    .to("hourly-sales", kafkaSink(topics.hourlySales));

  const unique = lines.keyBy(wholeLine).process("distinct", distinct);
  unique.side.duplicate.to("duplicates", kafkaSink(topics.duplicateLines));

  const sessions = unique
    .filter((line) => line.customerId !== undefined)
    .keyBy((line) => line.customerId!, t.string())
    .window(session("30m"))
    .aggregate("session", {
      lines: count(),
      mills: sum((line) => line.quantity * line.priceMills),
      products: collectSet(t.string(), (line: Line) => (line.quantity > 0 ? line.product : "")),
      sentAt: max((line) => line.sentAt ?? 0),
    })
    .map(({ key, window, lines: n, mills, products, sentAt }) => ({
      sessionId: `${key}@${window.start}`,
      customerId: key,
      from: window.start,
      until: window.end,
      lines: n,
      mills,
      products: products.filter((product) => product !== ""),
      ...(sentAt > 0 ? { sentAt } : {}),
    }))
    .returns(Session);
  sessions.to("sessions", kafkaSink(topics.sessions));
  sessions
    .map((row) => ({ ...row, products: row.products.length }))
    .returns(SessionRow)
    .to(
      "session-files",
      fileSink(outputDirectory("sessions"), csv(SessionRow), {
        partitionBy: (row) => `month=${new Date(row.from).toISOString().slice(0, 7)}`,
      }),
    );

  const asked = sessions
    .filter(({ products }) => products.length > 0)
    .flatMap(questions)
    .returns(Question);
  const known = asked
    .filter(({ product }) => product !== POPULAR)
    .keyBy("product")
    .process("neighbours", neighbours);
  known.side.similar.to("similar-products", kafkaSink(topics.similarProducts));
  const popular = asked
    .filter(({ product }) => product === POPULAR)
    .keyBy("product")
    .process("popularity", popularity);
  const recommended = known.union(popular).keyBy("sessionId").process("merge", merge);
  recommended.to("recommendations", kafkaSink(topics.recommendations));
  recommended.side.trial.to("trials", kafkaSink(topics.trials));
});
