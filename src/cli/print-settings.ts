// --show-config: every setting with its value and where it came from; secrets as ***.
import type { LoadedSettings } from "./load-settings.ts";
import { printRows } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function printSettings(terminal: Terminal, loaded: LoadedSettings, json: boolean | undefined): Promise<void> {
  const rows = [
    ...loaded.settings.map(({ name, value, origin, where, secret }) => ({
      name,
      value: value === undefined ? null : secret ? "***" : value,
      origin: origin === "default" ? "default" : origin === "config" ? where : `${origin} ${where}`,
    })),
    ...Object.entries(loaded.broker).map(([name, value]) => ({ name: `broker.${name}`, value, origin: "millrace.config.ts" })),
  ];
  const columns = [
    { title: "setting", cell: (row: (typeof rows)[number]) => row.name },
    { title: "value", cell: (row: (typeof rows)[number]) => row.value },
    { title: "origin", cell: (row: (typeof rows)[number]) => row.origin },
  ];
  await printRows(terminal, columns, rows, { json });
}
