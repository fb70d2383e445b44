// millrace topic describe NAME: its partitions with their offsets, and the settings that are not defaults.
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicDescribeFlags extends ClientFlags {
  readonly json?: boolean;
  readonly allConfigs?: boolean;
}

interface PartitionRow {
  readonly partition: number;
  readonly leader: number;
  readonly start: number;
  readonly stable: number;
  readonly end: number;
}

export async function topicDescribe(name: string, flags: TopicDescribeFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    await partitionsOf(client, name, "See: millrace topic ls -a");
    const [topic] = await admin.describeTopics([name]);
    const of = <A extends string>(at: A) => topic!.partitions.map(({ partition }) => ({ topic: name, partition, at }));
    const [starts, stable, ends, configs] = await Promise.all([
      admin.listOffsets(of("earliest")),
      admin.listOffsets(of("latest"), { isolation: "read_committed" }),
      admin.listOffsets(of("latest"), { isolation: "read_uncommitted" }),
      admin.describeTopicConfigs(name),
    ]);
    const partitions: PartitionRow[] = topic!.partitions.map(({ partition, leaderId }, i) => ({
      partition,
      leader: leaderId,
      start: starts[i]!.offset,
      stable: stable[i]!.offset,
      end: ends[i]!.offset,
    }));
    const shown = configs.filter(({ source }) => flags.allConfigs === true || source === "topic");
    if (flags.json === true) {
      const config = Object.fromEntries(shown.map((entry) => [entry.name, entry.value]));
      await terminal.out(`${JSON.stringify({ name, id: topic!.id, partitions, config })}\n`);
      return;
    }
    if (terminal.isTerminal) {
      await terminal.out(`${name}  id ${topic!.id}\n\n`);
      for (const { name: setting, value } of shown) await terminal.out(`${setting} = ${value ?? "***"}\n`);
      if (shown.length > 0) await terminal.out("\n");
    }
    await printRows(
      terminal,
      [
        { title: "partition", cell: (row) => row.partition, align: "right" },
        { title: "leader", cell: (row) => row.leader, align: "right" },
        { title: "start", cell: (row) => row.start, align: "right" },
        { title: "stable", cell: (row) => row.stable, align: "right" },
        { title: "end", cell: (row) => row.end, align: "right" },
      ],
      partitions,
      {},
    );
  });
}
