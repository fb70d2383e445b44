#!/usr/bin/env node
// Old syntax on purpose: an old Node must reach the version check and print a sentence, not a SyntaxError.
"use strict";
var parts = process.versions.node.split(".");
var major = Number(parts[0]);
var minor = Number(parts[1]);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    "millrace needs Node 22.18 or newer; this is Node " +
      process.versions.node +
      ". Install a newer Node (https://nodejs.org) and run the command again.",
  );
  process.exit(1);
}
// Read once, when the first file is opened by a thread of the pool: before anything is imported.
if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = "16";
import("../dist/cli/main.js").then(
  function (cli) {
    return cli.main(process.argv.slice(2));
  },
  function (error) {
    console.error(
      error && error.code === "ERR_MODULE_NOT_FOUND"
        ? "millrace is not built: run `npm run build` in its checkout. (" + error.message + ")"
        : error,
    );
    process.exit(1);
  },
);
