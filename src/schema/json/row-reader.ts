// Reads one JSON object straight into the columns of a builder: the interpreter. It takes fields in any order, with any white space,
// skips unknown ones, and reports errors; the generated reader (generate-row-reader.ts) hands over to it whatever is out of the ordinary.
import type { BatchBuilder } from "../batch-builder.ts";
import type { StringColumn } from "../column.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import type { JsonScanner } from "./scanner.ts";
import { missingField, rethrowInside, valueReader, wrongType, type ValueReader } from "./value-reader.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

export class RowReader {
  readonly #type: RecordType;
  readonly #fields: readonly FieldColumn[];
  readonly #readers: readonly ValueReader[];
  readonly #byName: ReadonlyMap<string, number>;
  readonly #names: readonly Uint8Array[];
  readonly #seen: Uint8Array;
  /** Field that followed field i − 1 the last time: writers keep their order, whatever it is. */
  readonly #next: Int32Array;

  constructor(type: RecordType) {
    this.#type = type;
    this.#fields = fieldColumns(type);
    this.#readers = type.fields.map((field) => valueReader(field.type));
    this.#byName = new Map(type.fields.map((field, index) => [field.name, index]));
    this.#names = type.fields.map((field) => new TextEncoder().encode(JSON.stringify(field.name)));
    this.#seen = new Uint8Array(type.fields.length);
    this.#next = Int32Array.from({ length: type.fields.length + 1 }, (_, index) => index);
  }

  /** Reads the object at the scanner into the row under construction. The builder has room (reserve) for the whole document. */
  read(scanner: JsonScanner, builder: BatchBuilder): void {
    if (scanner.peek() !== 0x7b) wrongType(scanner, this.#type);
    scanner.at++;
    const seen = this.#seen.fill(0);
    if (scanner.peek() === 0x7d) scanner.at++;
    else {
      let before = 0;
      do {
        const index = this.#name(scanner, before);
        scanner.expect(0x3a, '":"');
        if (index < 0) scanner.skipValue(1);
        else {
          this.field(index, scanner, builder);
          seen[index] = 1;
          before = index + 1;
        }
      } while (scanner.more(0x7d));
    }
    for (let index = 0; index < seen.length; index++) if (seen[index] === 0) this.#absent(index, scanner, builder);
  }

  /** Reads the value at the scanner into column `index`. */
  field(index: number, scanner: JsonScanner, builder: BatchBuilder): void {
    const { type, optional } = this.#fields[index]!;
    try {
      if (type!.kind === "string" && builder.arenas[index] !== undefined && !(optional && scanner.peek() === 0x6e))
        readString(index, type!, scanner, builder);
      else builder.setCell(index, this.#readers[index]!(scanner, 1));
    } catch (error) {
      rethrowInside(error, (rest) => fieldPath(this.#fields[index]!.name, rest));
    }
  }

  /** For generated code: skips the member at `at` if its name is unknown. The position of the next member's name or of "}"; −1: it is known. */
  skipUnknown(scanner: JsonScanner, at: number): number {
    scanner.at = at;
    if (at >= scanner.end || scanner.bytes[at] !== 0x22 || this.#byName.has(scanner.string())) return -1;
    scanner.expect(0x3a, '":"');
    scanner.skipValue(1);
    if (scanner.peek() === 0x7d) return scanner.at;
    scanner.more(0x7d);
    return scanner.peek() === 0x22 ? scanner.at : -1;
  }

  #absent(index: number, scanner: JsonScanner, builder: BatchBuilder): void {
    const { name, optional } = this.#fields[index]!;
    if (!optional) throw missingField(scanner, name, this.#type.fields[index]!.type);
    builder.setCell(index, undefined);
  }

  /** Consumes a member's name; its column, or −1. `before`: the field before it, plus 1. */
  #name(scanner: JsonScanner, before: number): number {
    if (scanner.peek() !== 0x22) throw scanner.fail("a name in quotes");
    const { bytes, at, end } = scanner;
    const expected = this.#next[before]!;
    const likely = this.#names[expected];
    if (likely !== undefined && at + likely.length <= end) {
      let same = 0;
      while (same < likely.length && bytes[at + same] === likely[same]) same++;
      if (same === likely.length) {
        scanner.at = at + same;
        return expected;
      }
    }
    const index = this.#byName.get(scanner.string()) ?? -1;
    if (index >= 0) this.#next[before] = index;
    return index;
  }
}

function readString(index: number, type: TypeInfo, scanner: JsonScanner, builder: BatchBuilder): void {
  if (scanner.peek() !== 0x22) wrongType(scanner, type);
  const { batch } = builder;
  const column = batch.columns[index] as StringColumn;
  const start = column.offsets![batch.rows]!;
  const end = scanner.stringInto(builder.arenas[index]!.bytes, start);
  if (!scanner.ascii) column.ascii = false;
  if (column.nulls !== undefined) column.nulls[batch.rows] = 0;
  column.offsets![batch.rows + 1] = end;
}
