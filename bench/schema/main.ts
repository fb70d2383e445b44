// `npm run bench:schema -- [--jsonl] [--case NAME]`: our codecs beside those of others on the same records.
import { machine } from "../machine.ts";
import { avro } from "./avro.ts";
import { CASES } from "./cases.ts";
import { jsonSchema } from "./json-schema.ts";
import { proto } from "./protobuf.ts";
import { jsonl } from "./rounds.ts";

if (!jsonl) console.log(machine());
for (const each of CASES) avro(each);
for (const each of CASES) proto(each);
for (const each of CASES) jsonSchema(each);
