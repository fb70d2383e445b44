// A table of mishaps at the broker's start, and the sentence for each: what, where, and what to do next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerOptionsError } from "../broker/broker.ts";
import { SettingError } from "../broker/settings.ts";
import { explainBrokerStart } from "./broker-start-error.ts";
import { explainError } from "./explain-error.ts";

const PLAIN = { dataDir: "data", listeners: [{ name: "PLAINTEXT", host: "127.0.0.1", port: 9092 }] };
const NAMED = { dataDir: "data", listeners: [{ name: "IN", host: "127.0.0.1", port: 0 }, { name: "OUT", host: "h", port: 9093 }] }; // prettier-ignore
const ORIGINS = [
  { prefix: "--set ", settings: { "num.partitions": "x" } },
  { prefix: "server.properties: ", settings: { "num.partitions": "y", "log.retention.ms": "z" } },
];

function system(code: string, syscall: string, rest: object = {}): Error {
  return Object.assign(new Error(`${code}: the system's words, ${syscall}`), { code, syscall, ...rest });
}

const ELSEWHERE = "or use another directory: --data DIR.";
const TABLE: readonly (readonly [error: Error, options: typeof PLAIN, exitCode: number, sentence: string])[] = [
  [system("ENOENT", "mkdir", { path: "data" }), PLAIN, 1, `The data directory data cannot be made, read or written (ENOENT: the system's words, mkdir). Check that place, ${ELSEWHERE}`],
  [system("EIO", "read", { path: "data/log/t-0/checkpoint.json" }), PLAIN, 1, `The data directory data cannot be made, read or written (EIO: the system's words, read). Check that place, ${ELSEWHERE}`],
  [system("EEXIST", "mkdir", { path: "data" }), PLAIN, 1, `The data directory data is, or lies below, a file, or holds one in the place of a directory. Remove that file, ${ELSEWHERE}`],
  [system("ENOTDIR", "mkdir", { path: "data/log" }), PLAIN, 1, `The data directory data is, or lies below, a file, or holds one in the place of a directory (data/log). Remove that file, ${ELSEWHERE}`],
  [system("EACCES", "mkdir", { path: "data" }), PLAIN, 1, `The data directory data cannot be written (EACCES). Change its permissions, ${ELSEWHERE}`],
  [system("EACCES", "open", { path: "data/log/meta/meta.json" }), PLAIN, 1, `The data directory data cannot be written (EACCES: data/log/meta/meta.json). Change its permissions, ${ELSEWHERE}`],
  [system("EROFS", "mkdir", { path: "data" }), PLAIN, 1, `The data directory data cannot be written (EROFS): its file system is mounted read-only. Mount it for writing, ${ELSEWHERE}`],
  [system("ENOSPC", "write", { path: "data/x" }), PLAIN, 1, `The disk of the data directory data is full (ENOSPC). Free some space, ${ELSEWHERE}`],
  [system("EMFILE", "open", { path: "data/x" }), PLAIN, 1, `The process may open no more files (EMFILE) in the data directory data. Raise the limit: ulimit -n 4096, ${ELSEWHERE}`],
  [Object.assign(new Error("held"), { code: "ELOCKED", pid: 7 }), PLAIN, 5, `The data directory data is in use by process 7. Stop that process, ${ELSEWHERE}`],
  [system("EADDRINUSE", "listen", { port: 9092 }), PLAIN, 5, "The broker's port 9092 is in use by another program. Stop that program, or choose another port: --port N (0 = any free one)."],
  [system("EADDRINUSE", "listen", { port: 9093 }), NAMED, 5, "The broker's port 9093 is in use by another program. Stop that program, or choose another port: --listener NAME://HOST:PORT (0 = any free one)."],
  [system("EACCES", "listen", { port: 80 }), PLAIN, 1, "The system does not allow the broker port 80. Choose one above 1023: --port N (0 = any free one)."],
  [system("EADDRNOTAVAIL", "listen", { address: "8.8.8.8" }), PLAIN, 2, "The broker cannot listen on 8.8.8.8 (EADDRNOTAVAIL): this machine has no such address. Listen on 127.0.0.1, or on one that it has."],
  [system("ENOTFOUND", "getaddrinfo", { hostname: "kafak" }), PLAIN, 2, "The broker cannot listen on kafak (ENOTFOUND): the name has no address here. Check its spelling, or listen on 127.0.0.1."],
  [new SettingError("num.partitions", 'expected a whole number, got "x"'), PLAIN, 2, '--set num.partitions=x: expected a whole number, got "x".'],
  [new SettingError("log.retention.ms", 'expected a whole number, got "z"'), PLAIN, 2, 'server.properties: log.retention.ms=z: expected a whole number, got "z".'],
  [new BrokerOptionsError("Everybody could. Allow it explicitly (insecure)."), PLAIN, 2, "Everybody could. Allow it explicitly with --insecure."],
  [new Error("something else"), PLAIN, 1, "something else."],
]; // prettier-ignore

for (const [error, options, exitCode, sentence] of TABLE) {
  const name = `${(error as { code?: string }).code ?? error.message} of ${(error as { syscall?: string }).syscall ?? "the start"}`;
  test(`${name}: ${sentence.slice(0, 60)}…`, () => {
    assert.deepEqual(explainError(explainBrokerStart(error, options, ORIGINS)), { exitCode, message: sentence });
  });
}
