// The client: one set of connections and one view of the cluster, from which producers, consumers and admins are made.
import type { Env } from "../env/env.ts";
import { Admin } from "./admin.ts";
import { parseBrokers } from "./address.ts";
import { Cluster } from "./cluster.ts";
import { Consumer } from "./consumer/consumer.ts";
import type { ConsumerOptions } from "./consumer/options.ts";
import { ClientError } from "./errors.ts";
import type { ProducerOptions } from "./producer/options.ts";
import { Producer } from "./producer/producer.ts";

export interface ClientOptions {
  /** "host:port", several separated by commas, or an array. Any of the cluster's brokers will do. */
  readonly brokers: string | readonly string[];
  /** Shown in the broker's logs and quotas. Default "millrace". */
  readonly clientId?: string;
  /** For a connection to be made and greeted. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** For one request. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** For one call with all its retries. Default 60,000. */
  readonly apiTimeoutMs?: number;
  /** The first pause between tries; it doubles up to retryBackoffMaxMs. Default 100. */
  readonly retryBackoffMs?: number;
  /** Default 1,000. */
  readonly retryBackoffMaxMs?: number;
  /** After this time leaders and partition counts are looked up anew. Default 300,000. */
  readonly metadataMaxAgeMs?: number;
}

/** Made by createClient(). Nothing is connected before the first use; close() ends everything that was made from it. */
export class KafkaClient {
  /** For connectors: PartitionFetcher and resumeTransaction work on it. */
  readonly cluster: Cluster;
  readonly #open = new Set<{ close(): Promise<void> }>();
  #closing: Promise<void> | undefined;

  constructor(env: Env, options: ClientOptions) {
    this.cluster = new Cluster(env, {
      brokers: parseBrokers(options.brokers),
      clientId: options.clientId ?? "millrace",
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      apiTimeoutMs: options.apiTimeoutMs ?? 60_000,
      metadataMaxAgeMs: options.metadataMaxAgeMs ?? 300_000,
      retryBackoff: { firstMs: options.retryBackoffMs ?? 100, maxMs: options.retryBackoffMaxMs ?? 1000 },
    });
  }

  producer(options: ProducerOptions = {}): Producer {
    this.#failIfClosed();
    const producer: Producer = new Producer(this.cluster, options, () => this.#open.delete(producer));
    this.#open.add(producer);
    return producer;
  }

  consumer(options: ConsumerOptions = {}): Consumer {
    this.#failIfClosed();
    const consumer: Consumer = new Consumer(this.cluster, options, () => this.#open.delete(consumer));
    this.#open.add(consumer);
    return consumer;
  }

  admin(): Admin {
    this.#failIfClosed();
    return new Admin(this.cluster);
  }

  /** Closes its producers and consumers (they flush and leave their groups), then all connections. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const results = await Promise.allSettled([...this.#open].map((each) => each.close()));
    this.cluster.close();
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #failIfClosed(): void {
    if (this.#closing !== undefined) throw new ClientError("CLIENT_CLOSED", "The Kafka client was closed.");
  }
}
