// A registry alone in a process, to be killed by tests: node registry-process.ts BOOTSTRAP_SERVERS. Prints its address.
import { startRegistry } from "../index.ts";

const registry = await startRegistry({ bootstrapServers: process.argv[2]!, port: 0, logger: { log() {} } });
console.log(registry.url);
