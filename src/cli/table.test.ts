import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeText, visibleText } from "./escape-text.ts";
import { formatTable, formatTsv, type Column } from "./table.ts";

interface Row {
  readonly name: string;
  readonly count: number | undefined;
}
const columns: readonly Column<Row>[] = [
  { title: "name", cell: (row) => row.name },
  { title: "count", cell: (row) => row.count, align: "right" },
];

test("a table has a header, aligned columns and no blanks at line ends", () => {
  const text = formatTable(columns, [
    { name: "transactions", count: 7 },
    { name: "é", count: undefined },
  ]);
  assert.equal(text, "NAME          COUNT\ntransactions      7\né                 –\n");
});

test("TSV has a line per row, whatever the values hold", () => {
  assert.equal(formatTsv(columns, [{ name: "a\tb\nc\\", count: 1 }]), "a\\tb\\nc\\\\\t1\n");
  assert.equal(formatTsv(columns, [{ name: "", count: undefined }]), "\t\n");
});

test("no rows: a header for people, nothing for programs", () => {
  assert.equal(formatTable(columns, []), "NAME  COUNT\n");
  assert.equal(formatTsv(columns, []), "");
});

test("control characters do not reach a terminal", () => {
  assert.equal(visibleText("\u001B[31mred\u0007"), "\\x1b[31mred\\x07");
  assert.equal(visibleText("a\tb\u202Ec\u009B"), "a\\tb\\u202ec\\x9b");
  assert.equal(visibleText("plain ü 漢 \\ "), "plain ü 漢 \\ ");
  assert.equal(escapeText("plain"), "plain");
});
