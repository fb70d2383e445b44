// Laws of the two forms of .proto texts over random files: what is printed is read as what it was printed from, by our parser and protobufjs',
// and normalisation does not depend on spaces, comments, quotes and the order of statements.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooserOf, protoTextOf, randomFile, randomImport } from "../fixtures/random-proto.ts";
import { typesOfKnownFiles } from "./known-files.ts";
import { normalizedTree, protoNames } from "./normalize-proto-tree.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { printProtoTree } from "./print-proto-tree.ts";
import { protobufIncompatibilities } from "./protobuf-compatibility.ts";
import { readProtoTree } from "./read-proto-tree.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const check = (property: (n: number) => void): void => fc.assert(fc.property(fc.nat(), property), { seed, numRuns: 150 });

const canonical = (text: string): string => printProtoTree(readProtoTree(text));
const normalized = (text: string, imported: string): string => {
  const tree = readProtoTree(text);
  return printProtoTree(normalizedTree(tree, protoNames([tree, readProtoTree(imported)], typesOfKnownFiles().keys())));
};

/** A random file, and the one that it imports. */
function files(n: number): { readonly text: string; readonly wild: string; readonly imported: string } {
  const choose = chooserOf(n);
  const other = randomImport(choose);
  const file = randomFile(choose, other);
  return { text: protoTextOf(file), wild: protoTextOf(file, choose), imported: protoTextOf(other) };
}

test("a printed text is read as what it was printed from", () => {
  check((n) => {
    const { text, wild, imported } = files(n);
    for (const each of [text, wild, imported]) {
      const printed = canonical(each);
      assert.equal(canonical(printed), printed);
      const [before, after] = [parseProtobuf(each), parseProtobuf(printed)];
      assert.equal(after.package, before.package);
      assert.deepEqual(new Set(after.types.keys()), new Set(before.types.keys()));
      const known = (types: typeof before.types) => new Map([...typesOfKnownFiles(), ...parseProtobuf(imported).types, ...types]);
      const worlds = [before, after].map((file) => ({ file, known: known(file.types) }));
      assert.deepEqual(protobufIncompatibilities(worlds[0]!, worlds[1]!), []);
      assert.deepEqual(protobufIncompatibilities(worlds[1]!, worlds[0]!), []);
    }
  });
});

test("the normal form is one for all ways to write a file, and its own normal form", () => {
  check((n) => {
    const { text, imported } = files(n);
    const normal = normalized(text, imported);
    assert.equal(normalized(canonical(text), imported), normal);
    assert.equal(normalized(normal, imported), normal);
    // What stands behind what decides about a message's place, and that stays.
    assert.deepEqual(messagesIn(normal), messagesIn(text));
  });
});

test("spaces, comments and quotes are nothing", () => {
  check((n) => {
    const { text } = files(n);
    const spaced = text.replaceAll(/ (?=[{};=<])|(?<=[;{}=]) /g, "\n\t/* ; */ ").replaceAll('"proto', "'proto").replaceAll(/proto(\d)"/g, "proto$1'"); // prettier-ignore
    assert.equal(canonical(spaced), canonical(text));
  });
});

function messagesIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w.])message\s+(\w+)\s*\{/g)].map(([, name]) => name!);
}
