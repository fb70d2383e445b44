// millrace topic ls: names, partitions and how many offsets each log holds.
import { SCHEMAS_TOPIC } from "../../registry/store-topic.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { withClient, type ClientFlags } from "../with-client.ts";

export interface TopicLsFlags extends ClientFlags {
  readonly all?: boolean;
  readonly json?: boolean;
}

export async function topicLs(flags: TopicLsFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    const listed = (await admin.listTopics()).filter(
      ({ internal, name }) => flags.all === true || !(internal || name.startsWith("__") || name === SCHEMAS_TOPIC),
    );
    const partitions = listed.flatMap(({ name, partitions: count }) =>
      Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
    );
    const [starts, ends] = await Promise.all([
      admin.listOffsets(partitions.map((each) => ({ ...each, at: "earliest" as const }))),
      admin.listOffsets(
        partitions.map((each) => ({ ...each, at: "latest" as const })),
        { isolation: "read_uncommitted" },
      ),
    ]);
    const offsets = new Map<string, number>();
    ends.forEach(({ topic, offset }, i) => offsets.set(topic, (offsets.get(topic) ?? 0) + offset - starts[i]!.offset));
    const rows = listed.map(({ name, partitions: count }) => ({ name, partitions: count, offsets: offsets.get(name) ?? 0 }));
    await printRows(
      terminal,
      [
        { title: "topic", cell: (row) => row.name },
        { title: "partitions", cell: (row) => row.partitions, align: "right" },
        { title: "offsets", cell: (row) => row.offsets, align: "right" },
      ],
      rows,
      flags,
    );
  });
}
