// Writes src/protocol/generated/ from src/protocol/tables/: `node tools/generate-protocol.ts`; with --check it writes nothing and exits 1
// if a file differs. The output is formatted like everything else, so that changes of a table are readable as changes of code.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { format } from "oxfmt";
import { APIS, MESSAGES } from "../src/protocol/tables/all.ts";
import { emitModule, emitRegistry, fileNameOf } from "./protocol-codegen/emit-module.ts";
import { modelOfApi, modelOfMessage } from "./protocol-codegen/model.ts";

const TARGET = new URL("../src/protocol/generated/", import.meta.url);

/** File name to content, for every generated file. */
export async function generateProtocol(): Promise<Map<string, string>> {
  const apis = APIS.map(modelOfApi);
  const files = new Map<string, string>();
  for (const module of [...apis, ...MESSAGES.map(modelOfMessage)]) files.set(fileNameOf(module.name), emitModule(module));
  files.set("registry.gen.ts", emitRegistry(apis));
  for (const [name, text] of files) files.set(name, await formatted(name, text));
  return files;
}

async function formatted(name: string, text: string): Promise<string> {
  const { code, errors } = await format(name, text, { printWidth: 140 });
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]!.message}\n${text}`);
  return code;
}

/** The names of files in src/protocol/generated/ that are not what the tables say. */
export async function staleProtocolFiles(): Promise<string[]> {
  const files = await generateProtocol();
  const present = await readdir(TARGET);
  const stale = present.filter((name) => !files.has(name));
  for (const [name, text] of files) {
    if (!present.includes(name) || (await readFile(new URL(name, TARGET), "utf8")) !== text) stale.push(name);
  }
  return stale;
}

async function main(): Promise<void> {
  const stale = await staleProtocolFiles();
  if (process.argv.includes("--check")) {
    if (stale.length === 0) return;
    console.error(`Not as the tables say: ${stale.join(", ")}. Run: node tools/generate-protocol.ts`);
    process.exitCode = 1;
    return;
  }
  const files = await generateProtocol();
  for (const name of stale) {
    const text = files.get(name);
    if (text === undefined) await rm(new URL(name, TARGET));
    else await writeFile(new URL(name, TARGET), text);
  }
  console.log(`${files.size} files, ${stale.length} written.`);
}

if (import.meta.main) await main();
