// A broker for power cuts, with a planted fault if one is named: those are the control builds, which must lose data. Prints its address.
// Arguments: data directory, port, fault or "none".
import { startBroker } from "millrace/broker";
import { plantFault, type PlantedFault } from "../../src/env/planted-faults.ts";

const [dataDir, port, fault] = process.argv.slice(2) as [string, string, PlantedFault | "none"];
if (fault !== "none") plantFault(fault);
const broker = await startBroker({ dataDir, port: Number(port), settings: { "log.segment.bytes": "1048576" } });
console.log(broker.bootstrapServers);
void broker.failed.then((error) => {
  console.error(error);
  process.exit(1);
});
