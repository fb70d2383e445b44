// One seed: a broker, a job and clients live through the plan's faults (safety), then everything is healed and has to come to its end in
// time (liveness), then both checkers judge what clients saw and what the topics hold.
import { checkLog } from "../checkers/log-checker.ts";
import { checkCheckpoints, type SeenRow } from "../checkers/checkpoint-checker.ts";
import { checkPipeline } from "../checkers/pipeline-checker.ts";
import { createSimulation } from "../../src/testing/simulation/simulation.ts";
import { CheckpointWatch } from "./checkpoint-watch.ts";
import { ClientLife } from "./client-life.ts";
import { fetchGroupOffsets, groupMember, observe, observer, reader } from "./consumers.ts";
import { PIPELINE_PARTITIONS, readInput, readLog, readOutput, watchOutput } from "./final-read.ts";
import { describe, Machine } from "./machine.ts";
import { Nemesis } from "./nemesis.ts";
import { ALL_CHECKPOINTS, drawPlan, type SwarmPlan } from "./plan.ts";
import { idempotentProducer, TRANSACTIONAL, transactionalProducer } from "./producers.ts";
import { brokerProgram, CHECKPOINTS, feed, jobProgram } from "./programs.ts";
import { RareWays } from "./rare-ways.ts";
import { Recorder } from "./recorder.ts";
import { PIPELINE_TOPICS, RULES, simulatedGraph } from "./simulated-pipeline.ts";
import type { KafkaClient } from "../../src/client/client.ts";
import { clientOf, GROUP_MEMBER, LivenessError, LOG_PARTITIONS, LOG_TOPIC, within, type World } from "./world.ts";

/** Virtual time from healing to the first acknowledgement. */
const FIRST_ACKNOWLEDGEMENT_MS = 5000;
/** Virtual time from healing to the end of each step that follows. */
const DEADLINE_MS = 120_000;
const CALM_MS = 300;
/** A round of retention that is under way ends. */
const DELETIONS_MS = 2000;

export interface SeedResult {
  readonly seed: number;
  readonly plan: SwarmPlan;
  /** Empty: nothing is wrong. */
  readonly problems: readonly string[];
  readonly traceHash: string;
  readonly recoveries: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly operations: number;
  readonly rows: number;
  /** Checkpoints whose state was held against the recomputed one. */
  readonly checkpoints: number;
  /** Power cuts after flushes that were lies, and how often the fault points of the product struck. */
  readonly losses: number;
  readonly rareWays: ReadonlyMap<string, number>;
  readonly virtualMs: number;
  /** For a failure's report: how lives ended, the last log lines. */
  readonly notes: readonly string[];
}

/** `shrunk`: a plan to run instead of the one that the seed draws. */
export async function runSeed(seed: number, shrunk?: SwarmPlan): Promise<SeedResult> {
  const simulation = createSimulation(seed);
  const random = simulation.random.fork("swarm");
  const plan = shrunk ?? drawPlan(random.fork("plan"));
  const driver = simulation.env("driver");
  const world: World = {
    simulation,
    driver,
    plan,
    recorder: new Recorder(),
    random,
    isRunning: true,
    lastAcknowledgedMs: -1,
    consumersPausedUntilMs: -1,
  };
  const run = new SwarmRun(world);
  try {
    await run.rareWays.during(() => simulation.run(() => run.body(), { maxVirtualMs: 3_600_000 }));
  } catch (error) {
    run.problems.push(error instanceof LivenessError ? `liveness: ${error.message}` : `run: ${describe(error)}`);
  }
  return {
    seed,
    plan,
    problems: run.problems,
    traceHash: simulation.traceHash(),
    recoveries: run.broker.recoveries + run.job.recoveries,
    faults: run.nemesis.counts,
    operations: world.recorder.history.length,
    rows: run.rows,
    checkpoints: run.checkpoints,
    losses: run.nemesis.losses,
    rareWays: run.rareWays.counts,
    virtualMs: driver.clock.monotonicMs(),
    notes: run.notes(),
  };
}

class SwarmRun {
  readonly problems: string[] = [];
  readonly broker: Machine;
  readonly job: Machine;
  readonly nemesis: Nemesis;
  readonly rareWays: RareWays;
  rows = 0;
  checkpoints = 0;
  readonly #watch: CheckpointWatch;
  readonly #seen: SeenRow[] = [];
  readonly #graph = simulatedGraph();
  readonly #world: World;
  readonly #clients: ClientLife[];
  #drains = false;

  constructor(world: World) {
    this.#world = world;
    const { simulation, driver, random, plan } = world;
    const machine = (name: string, program: ConstructorParameters<typeof Machine>[3]): Machine =>
      new Machine(simulation, driver, name, program, { random: random.fork(name), downtimeMs: plan.downtimeMs });
    this.broker = machine("broker", brokerProgram(world));
    this.job = machine(
      "worker",
      jobProgram(world, this.#graph, () => this.#drains),
    );
    this.#watch = new CheckpointWatch(() => driver.clock.monotonicMs());
    this.job.onOperation = (operation) => this.#watch.observe(operation);
    this.rareWays = new RareWays(plan.rareWays, random.fork("rare ways"), driver);
    this.#clients = [
      ...Array.from({ length: plan.producers }, (_, index) => new ClientLife(world, `producer-${index}`, idempotentProducer(world))),
      ...Array.from({ length: plan.transactional }, (_, index) => {
        const id = `${TRANSACTIONAL}${index}`;
        return new ClientLife(world, id, transactionalProducer(world, id));
      }),
      new ClientLife(world, "committed-reader", reader(world, "read_committed")),
      new ClientLife(world, "uncommitted-reader", reader(world, "read_uncommitted")),
      new ClientLife(world, GROUP_MEMBER, groupMember(world)),
      new ClientLife(world, "observer", observer(world)),
    ];
    this.nemesis = new Nemesis(world, { broker: this.broker, job: this.job, clients: this.#clients });
  }

  async body(): Promise<void> {
    const { driver, plan, simulation } = this.#world;
    const client = clientOf(simulation.env("admin"));
    const brokerRuns = this.broker.run();
    await this.broker.started();
    await client.admin().createTopics([
      { name: LOG_TOPIC, partitions: LOG_PARTITIONS, config: { "retention.bytes": String(plan.retentionBytes) } },
      // A sink's batches have to fit into a segment.
      ...PIPELINE_TOPICS.map((name) => ({
        name,
        partitions: PIPELINE_PARTITIONS,
        config: { "segment.bytes": "1048576", "retention.bytes": "-1" },
      })),
    ]);
    this.rareWays.begin();
    const jobRuns = this.job.run();
    const clients = [feed(this.#world), watchOutput(this.#world, this.#seen), ...this.#clients.map((each) => each.run())];
    const nemesis = this.nemesis.run();
    await driver.timers.sleep(plan.safetyMs);
    this.nemesis.heal();
    this.rareWays.heal();
    const healedAt = driver.clock.monotonicMs();
    await this.#step(FIRST_ACKNOWLEDGEMENT_MS, "An acknowledgement", this.#acknowledgedAfter(healedAt));
    await driver.timers.sleep(CALM_MS);
    this.#world.isRunning = false;
    await this.#step(DEADLINE_MS, "The end of all clients", Promise.all([...clients, nemesis]));
    await this.#step(DEADLINE_MS, "The end of the job", this.#drain(jobRuns));
    await this.#step(DEADLINE_MS, "The end of all transactions", this.#settleTransactions(client));
    await this.#step(DEADLINE_MS, "The end of deletions", this.#settleDeletions(client));
    await this.#step(DEADLINE_MS, "Reading the log", this.#judgeLog(client));
    if (this.problems.length === 0) await this.#step(DEADLINE_MS, "Reading the pipeline's topics", this.#judgePipeline(client));
    await client.close();
    this.broker.stop();
    await brokerRuns;
  }

  notes(): string[] {
    return [
      ...this.broker.endings.slice(-5).map((ending) => `broker ended: ${ending}`),
      ...this.job.endings.slice(-5).map((ending) => `job ended: ${ending}`),
      ...this.#clients.flatMap((each) => each.errors.slice(-2).map((error) => `${each.name} ended: ${error}`)),
      ...this.#world.simulation.logLines.slice(-30),
    ];
  }

  async #acknowledgedAfter(atMs: number): Promise<void> {
    while (this.#world.lastAcknowledgedMs < atMs) await this.#world.driver.timers.sleep(5);
  }

  /** The job's machine goes on until one of its lives has drained the input. */
  async #drain(jobRuns: Promise<void>): Promise<void> {
    this.#drains = true;
    this.job.kill();
    await this.job.finished();
    this.job.stop();
    await jobRuns;
  }

  /** A promise that is not kept in time is noted, and the rest is still judged. */
  async #step(deadlineMs: number, what: string, promise: Promise<unknown>): Promise<void> {
    try {
      await within(this.#world, deadlineMs, what, promise);
    } catch (error) {
      if (!(error instanceof LivenessError)) throw error;
      this.problems.push(`liveness: ${error.message}`);
    }
  }

  /** Transactions of killed clients time out; then nothing holds the last stable offsets back. */
  async #settleTransactions(client: KafkaClient): Promise<void> {
    for (;;) {
      const open = await client.admin().listTransactions(["Ongoing", "PrepareCommit", "PrepareAbort"]);
      if (open.length === 0) return;
      await this.#world.driver.timers.sleep(200);
    }
  }

  /** What is read in the end is all that there was when the log's start was asked for. */
  async #settleDeletions(client: KafkaClient): Promise<void> {
    await client.admin().alterTopicConfigs(LOG_TOPIC, { "retention.bytes": "-1" });
    await this.nemesis.settled();
    await this.#world.driver.timers.sleep(DELETIONS_MS);
  }

  /** Also when a reader does not come to the end: what the others saw is judged. */
  async #judgeLog(client: KafkaClient): Promise<void> {
    try {
      await fetchGroupOffsets(this.#world, client);
      await observe(this.#world, client, true);
      await readLog(this.#world, client, DEADLINE_MS / 10);
    } finally {
      const anomalies = checkLog(this.#world.recorder.history);
      if (!anomalies.isEmpty) this.problems.push(String(anomalies));
    }
  }

  async #judgePipeline(client: KafkaClient): Promise<void> {
    const input = await readInput(client);
    const committed = await readOutput(client, "read_committed");
    const everything = await readOutput(client, "read_uncommitted");
    this.rows = committed.sums.length + committed.windows.length + committed.timers.length + committed.extras.length;
    const anomalies = checkPipeline(input, committed, everything, RULES);
    if (!anomalies.isEmpty) this.problems.push(String(anomalies));
    const { plan, simulation } = this.#world;
    const checkpoints = await this.#watch.read(simulation.env("worker"), this.#graph, CHECKPOINTS);
    this.checkpoints = checkpoints.length;
    const seen = plan.keepCheckpoints === ALL_CHECKPOINTS ? this.#seen : undefined;
    const wrong = checkCheckpoints(input, checkpoints, seen);
    if (!wrong.isEmpty) this.problems.push(String(wrong));
  }
}
