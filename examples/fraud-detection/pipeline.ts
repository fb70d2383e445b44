// Card transactions and fraud labels in, fraud alerts out.
import { boundedOutOfOrderness, deadLetter, pipeline } from "millrace";
import { kafkaSink, kafkaSource, deadLetterTopic } from "millrace/connectors/kafka";
import { spending } from "./spending.ts";
import { TerminalEvent, terminalRisk } from "./terminal-risk.ts";
import { fraudAlerts, labels, lateTransactions, transactions } from "./topics.ts";

const malformed = deadLetter(kafkaSink(deadLetterTopic("malformed-records")));
const watermarks = boundedOutOfOrderness("30s");

export default pipeline("fraud-detection", (p) => {
  const checked = p
    .from("transactions", kafkaSource(transactions), { eventTime: (tx) => tx.at, watermarks, onError: malformed })
    .keyBy("customerId")
    .process("spending", spending);
  checked.side.late.to("late", kafkaSink(lateTransactions));

  const judged = checked.map((c) => ({ terminalId: c.transaction.terminalId, checked: c, label: undefined })).returns(TerminalEvent);
  p.from("labels", kafkaSource(labels), { eventTime: (label) => label.knownAt, watermarks, onError: malformed })
    .map((label) => ({ terminalId: label.terminalId, checked: undefined, label }))
    .returns(TerminalEvent)
    .union(judged)
    .keyBy("terminalId")
    .process("terminal-risk", terminalRisk)
    .to("alerts", kafkaSink(fraudAlerts, { delivery: "exactly-once" }));
});
