// Apache Kafka's published jars, copied once by Maven into node_modules/.cache: broker, tools, Streams and Connect of one version.
// Needs java (17 or newer, with javac) and mvn. With CI=true their absence is a failure.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const KAFKA_VERSION = "4.3.1";
const CACHE = fileURLToPath(new URL(`../../node_modules/.cache/apache-kafka-${KAFKA_VERSION}`, import.meta.url));
const KAFKA = "org.apache.kafka";
const LOG4J = "org.apache.logging.log4j";
const ARTIFACTS: readonly (readonly [group: string, name: string, version: string])[] = [
  ...["kafka_2.13", "kafka-tools", "kafka-streams", "connect-runtime", "connect-file", "connect-json"].map(
    (name) => [KAFKA, name, KAFKA_VERSION] as const,
  ),
  [LOG4J, "log4j-slf4j-impl", "2.25.4"],
  [LOG4J, "log4j-core", "2.25.4"],
];

/** Why it cannot be had here; undefined if it can. Throws with CI=true instead of giving a reason. */
export function missingForKafka(): string | undefined {
  const missing = ["java", "javac", "mvn"].filter((command) => spawnSync(command, ["-version"]).status !== 0);
  if (missing.length === 0) return undefined;
  const reason = `Apache Kafka needs ${missing.join(" and ")}, which cannot be run here`;
  if (process.env["CI"] === "true") throw new Error(`${reason}. With CI=true that is a failure.`);
  return reason;
}

/** The folder with the jars, fetched if this version's are not all there. */
export function kafkaJars(): string {
  const libraries = join(CACHE, "libs");
  const complete = join(CACHE, "complete");
  const wanted = JSON.stringify(ARTIFACTS);
  if (existsSync(complete) && readFileSync(complete, "utf8") === wanted && readdirSync(libraries).length > 0) return libraries;
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  const dependencies = ARTIFACTS.map(
    ([group, name, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  );
  const project = [
    "<modelVersion>4.0.0</modelVersion>",
    "<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>",
  ];
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">${project.join("")}<dependencies>${dependencies.join("")}</dependencies></project>`;
  writeFileSync(join(CACHE, "pom.xml"), pom);
  const args = ["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${libraries}`];
  const copied = spawnSync("mvn", args, { cwd: CACHE, encoding: "utf8" });
  if (copied.status !== 0) throw new Error(`Apache Kafka's jars could not be fetched:\n${copied.stdout}${copied.stderr}`);
  writeFileSync(complete, wanted);
  return libraries;
}
