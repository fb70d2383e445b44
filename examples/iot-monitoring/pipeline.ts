// Sensor readings in; alerts, critical readings and rollups out. Alerts wait 30 seconds of event time for stragglers, rollups an hour.
import { boundedOutOfOrderness, count, deadLetter, max, min, pipeline, sum, tumbling } from "millrace";
import { fileSink, jsonLines } from "millrace/connectors/file";
import { deadLetterTopic, kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import { outputDirectory } from "../running/output-directory.ts";
import { hours, lateReadings, minutes, Reading, readings, Rollup, sensorAlerts } from "./topics.ts";
import { watch } from "./watch.ts";

const malformed = deadLetter(kafkaSink(deadLetterTopic("malformed-records")));
const merged = { readings: sum("readings"), total: sum("total"), low: min("low"), high: max("high") } as const;

interface Merged {
  readonly key: string;
  readonly window: { readonly start: number; readonly end: number };
  readonly readings: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
}
const rollup = ({ key, window, readings: n, total, low, high }: Merged): Rollup => ({
  sensorId: key,
  from: window.start,
  until: window.end,
  readings: n,
  total,
  low,
  high,
});

export default pipeline("iot-monitoring", (p) => {
  const all = p.from("readings", kafkaSource(readings), {
    eventTime: (reading) => reading.at,
    watermarks: boundedOutOfOrderness("30s"),
    onError: malformed,
  });

  const watched = all.keyBy("sensorId").process("watch", watch);
  watched.to("alerts", kafkaSink(sensorAlerts));
  watched.side.late.to("late", kafkaSink(lateReadings));
  watched.side.critical.to(
    "critical-readings",
    fileSink(outputDirectory("critical-readings"), jsonLines(Reading), {
      partitionBy: (reading) => `day=${new Date(reading.at).toISOString().slice(0, 10)}`,
    }),
  );

  const perMinute = all
    .assignWatermarks({ eventTime: (reading) => reading.at, watermarks: boundedOutOfOrderness("1h") })
    .keyBy("sensorId")
    .window(tumbling("1s"))
    .aggregate("per-second", { readings: count(), total: sum("celsius"), low: min("celsius"), high: max("celsius") })
    .keyBy("key")
    .window(tumbling("1m"))
    .aggregate("per-minute", merged);
  perMinute.map(rollup).returns(Rollup).to("minutes", kafkaSink(minutes));
  perMinute.keyBy("key").window(tumbling("1h")).aggregate("per-hour", merged).map(rollup).returns(Rollup).to("hours", kafkaSink(hours));
});
