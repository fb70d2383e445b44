// Throws the plan's faults at the world, one after the other at random moments, until it is told to heal everything.
import type { SimFiles } from "../../src/testing/simulation/sim-files.ts";
import type { Prng } from "../../src/testing/simulation/prng.ts";
import type { ClientLife } from "./client-life.ts";
import { TRANSACTIONAL } from "./producers.ts";
import type { Machine } from "./machine.ts";
import { CRASHES, type Fault } from "./plan.ts";
import { beginToLie, lossAt } from "./lying-disk.ts";
import { BROKER_HOST, clientOf, GROUP_MEMBER, LOG_PARTITIONS, LOG_TOPIC, type World } from "./world.ts";

const HOUR_MS = 3_600_000;
const CRASH_SHARE = 0.35;
const CHANGING = ["write", "datasync", "truncate", "rename", "syncDirectory", "open", "remove"] as const;

export interface Victims {
  readonly broker: Machine;
  readonly job: Machine;
  readonly clients: readonly ClientLife[];
}

export class Nemesis {
  readonly counts = new Map<Fault, number>();
  /** Power cuts that may have taken what a disk had promised. */
  losses = 0;
  readonly #world: World;
  readonly #victims: Victims;
  readonly #random: Prng;
  #undo: (() => void)[] = [];
  readonly #deletions: Promise<void>[] = [];
  #stopped = false;

  constructor(world: World, victims: Victims) {
    this.#world = world;
    this.#victims = victims;
    this.#random = world.random.fork("nemesis");
    victims.broker.onPowerCut = () => this.#noteLoss();
  }

  async run(): Promise<void> {
    const { driver, plan } = this.#world;
    while (!this.#stopped) {
      await driver.timers.sleep(this.#random.between(0, plan.faultEveryMs * 2));
      if (this.#stopped) return;
      const crashes = plan.faults.filter((each) => CRASHES.includes(each));
      const fault = this.#random.pick(crashes.length > 0 && this.#random.chance(CRASH_SHARE) ? crashes : plan.faults);
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
      this.#strike(fault);
    }
  }

  /** No fault is left; machines that are down come up by themselves. */
  heal(): void {
    this.#stopped = true;
    for (const undo of this.#undo.splice(0)) undo();
    for (const machine of [this.#victims.broker, this.#victims.job]) machine.faults.heal();
  }

  /** What it has asked the broker for is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#deletions);
  }

  #strike(fault: Fault): void {
    const { broker, job, clients } = this.#victims;
    const { network, clock } = this.#world.simulation;
    const random = this.#random;
    switch (fault) {
      case "broker-power-cut":
        return broker.powerCut();
      case "broker-kill":
        return broker.kill();
      case "broker-torn-operation":
        return this.#tear(broker);
      case "broker-eio":
        return this.#failOperation(broker);
      case "broker-disk-full":
        return this.#fillDisk(this.#world.simulation.filesOf(BROKER_HOST));
      case "slow-disk":
        return this.#slowDisk(this.#world.simulation.filesOf(random.pick([broker.name, job.name])));
      case "job-power-cut":
        return job.powerCut();
      case "job-kill":
        return job.kill();
      case "job-torn-operation":
        return this.#tear(job);
      case "job-eio":
        return this.#failOperation(job);
      case "connection-reset":
        return void network.reset(() => random.chance(0.5));
      case "black-hole": {
        const port = random.integer(0, 1);
        return this.#forAWhile(network.blackHole((from) => from.port % 2 === port));
      }
      case "slow-network":
        network.latencyMs = [1, random.pick([5, 30])];
        return this.#forAWhile(() => (network.latencyMs = [0.05, 0.5]));
      case "clock-jump":
        return clock.jumpWallClock(random.pick([-HOUR_MS, -1000, 1000, HOUR_MS]));
      case "client-kill":
        return random.pick(clients).kill();
      case "client-usurped":
        return random.pick(clients.filter(({ name }) => name.startsWith(TRANSACTIONAL))).usurp();
      case "late-messages":
        return this.#delayMessages();
      case "lost-answers":
        return this.#loseAnswers();
      case "clock-freeze":
        return this.#forAWhile(clock.freezeWallClock());
      case "worker-death":
        return void this.#world.simulation.killThreads();
      case "failed-flush-then-power-cut":
        return this.#failFlush(random.pick([broker, job]));
      case "away-while-clock-jumps":
        broker.kill();
        return clock.jumpWallClock(HOUR_MS);
      case "lying-flush":
        return this.#lie(broker);
      case "records-deleted":
        return void this.#deletions.push(this.#deleteRecords());
      case "slow-consumers":
        this.#world.consumersPausedUntilMs = this.#world.driver.clock.monotonicMs() + random.between(50, 800);
    }
  }

  #tear(machine: Machine): void {
    const verdict = this.#random.pick(["crash-before", "crash-after", "crash-torn"] as const);
    machine.faults.arm(CHANGING, verdict, { skip: this.#random.integer(0, 30) });
  }

  #failOperation(machine: Machine): void {
    const kind = this.#random.pick(CHANGING);
    const times = this.#random.chance(0.3) ? 20 : 1;
    machine.faults.arm([kind], { error: "EIO" }, { skip: this.#random.integer(0, 5), times });
  }

  #fillDisk(disk: SimFiles): void {
    disk.capacityBytes = disk.usedBytes() + this.#random.integer(0, 3000);
    this.#forAWhile(() => (disk.capacityBytes = Number.POSITIVE_INFINITY));
  }

  #slowDisk(disk: SimFiles): void {
    disk.slowdown = this.#random.pick([5, 30]);
    this.#forAWhile(() => (disk.slowdown = 1));
  }

  /** Single messages are held up until after their repetition, connections break around others. */
  #delayMessages(): void {
    const { network } = this.#world.simulation;
    const random = this.#random.fork(`messages ${network.operations}`);
    network.onOperation = ({ kind }) => {
      if (kind !== "write" || !random.chance(0.03)) return "ok";
      return random.chance(0.7) ? { lateMs: random.between(10, 3000) } : random.pick(["reset-before", "reset-after"] as const);
    };
    this.#forAWhile(() => (network.onOperation = undefined));
  }

  /** The broker does what it was asked, and its client asks again. */
  #loseAnswers(): void {
    const { network } = this.#world.simulation;
    const random = this.#random.fork(`answers ${network.operations}`);
    network.onOperation = ({ kind, host }) => (kind === "write" && host === BROKER_HOST && random.chance(0.15) ? "reset-before" : "ok");
    this.#forAWhile(() => (network.onOperation = undefined));
  }

  /** What the next life trusts of a disk that could not flush shows when the power goes: after others have seen it, perhaps. */
  #failFlush(machine: Machine): void {
    machine.faults.arm(["datasync"], { error: "EIO" });
    const { timers } = this.#world.driver;
    const cut = async (): Promise<void> => {
      await timers.sleep(this.#random.between(5, 100));
      await machine.started();
      await timers.sleep(this.#random.between(0, 200));
      if (!this.#stopped) machine.powerCut(this.#random.pick(["lose", "random"]));
    };
    void cut();
  }

  /** Readers that know of records that are gone now begin anew: the new ones are judged strictly. */
  #noteLoss(): void {
    const loss = lossAt(this.#world.simulation.filesOf(BROKER_HOST));
    if (loss === undefined) return;
    this.losses++;
    this.#world.recorder.history.push(loss);
    for (const client of this.#victims.clients) if (client.name.includes("reader") || client.name === GROUP_MEMBER) client.kill();
  }

  /** Up to somewhere below the high watermark. Nobody minds if it fails. */
  async #deleteRecords(): Promise<void> {
    const client = clientOf(this.#world.simulation.env("retention"));
    const target = { topic: LOG_TOPIC, partition: this.#random.integer(0, LOG_PARTITIONS - 1) };
    const share = this.#random.float();
    try {
      const [latest] = await client.admin().listOffsets([{ ...target, at: "latest" }]);
      await client.admin().deleteRecords([{ ...target, offset: Math.floor(latest!.offset * share) }]);
    } catch {
      // The broker is away, or the records are gone already.
    } finally {
      await client.close().catch(() => {});
    }
  }

  /** Lies come to light when the power goes. */
  #lie(broker: Machine): void {
    this.#forAWhile(beginToLie(this.#world.simulation.filesOf(BROKER_HOST)));
    const cut = async (): Promise<void> => {
      await this.#world.driver.timers.sleep(this.#random.between(20, 400));
      if (!this.#stopped) broker.powerCut();
    };
    void cut();
  }

  #forAWhile(undo: () => void): void {
    this.#undo.push(undo);
    void this.#world.driver.timers.sleep(this.#random.between(20, 600)).then(undo);
  }
}
