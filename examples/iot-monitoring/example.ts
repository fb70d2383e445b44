// `npm start -- --example iot-monitoring`: sensor readings in; alerts, critical readings and rollups out.
import type { Example } from "../running/example.ts";
import { SensorBoard, sensorReport } from "./board.ts";
import { TOPICS } from "./topics.ts";

export const example: Example = {
  name: "iot-monitoring",
  title: "Sensors (p50, p99: from reading to alert)",
  live: { rate: 400, speed: 600, what: "readings" },
  input: "one sensor's CSV file with the columns timestamp and value (.csv, .csv.gz)",
  topics: TOPICS,
  shown: ["readings", "sensor-alerts", "readings-per-minute", "readings-per-hour"],
  pipeline: new URL("./pipeline.ts", import.meta.url),
  feeds: new URL("./feeds.ts", import.meta.url),
  board: (brokers) => new SensorBoard(brokers),
  report: sensorReport,
};
