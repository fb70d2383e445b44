// Protobuf beside protobufjs (its generated code) and @bufbuild/protobuf (reflection), which the bytes are the same for.
import { createFileRegistry, fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, file_google_protobuf_timestamp, file_google_protobuf_wrappers } from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import { EncodeBuffer } from "../../src/schema/encode-buffer.ts";
import { protoDecoder, protoValueDecoder } from "../../src/schema/protobuf/decoder.ts";
import { protoEncoder } from "../../src/schema/protobuf/encoder.ts";
import { descriptorOfText } from "../../src/schema/protobuf/file-descriptor.ts";
import { protoText, typeToProto } from "../../src/schema/protobuf/type-to-proto.ts";
import type { TypeInfo } from "../../src/schema/type-info.ts";
import type { SchemaCase } from "./cases.ts";
import { compare } from "./rounds.ts";
import { columnsIn, columnsOut, objectsIn, objectsOut } from "./work.ts";

// Numbers, as ours: objects for 64 bits would slow it down.
protobuf.util.Long = undefined as unknown as typeof protobuf.util.Long;
protobuf.configure();

function ofProtobufjs(type: TypeInfo): protobuf.Type {
  const root = new protobuf.Root();
  protobuf.parse(protoText(type), root, { keepCase: true });
  root.addJSON(protobuf.common.get("google/protobuf/timestamp.proto")!.nested!);
  root.resolveAll();
  return root.lookupType(`.${typeToProto(type).name}`);
}

function ofBufbuild(type: TypeInfo): DescMessage {
  const bytes = Buffer.from(descriptorOfText(protoText(type), []), "base64");
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  file.dependency = file.dependency.filter((path) => path.startsWith("google/"));
  const known = [file_google_protobuf_timestamp, file_google_protobuf_wrappers];
  const registry = createFileRegistry(file, (path) => known.find(({ proto }) => proto.name === path));
  return registry.getMessage(typeToProto(type).name)!;
}

export function proto({ name, type, values }: SchemaCase): void {
  const encoder = protoEncoder(type);
  const records = values.map((value) => JSON.parse(JSON.stringify(value)) as object);
  const documents = records.map((record) => {
    const out = new EncodeBuffer();
    encoder.value(record, out);
    return Buffer.from(out.copy());
  });
  const decoder = protoValueDecoder(type);
  const columns = columnsIn(type, documents, protoDecoder(type));
  const batch = columns.batch();
  const js = ofProtobufjs(type);
  const buf = ofBufbuild(type);
  const oracles = [
    ["protobufjs", (bytes: Uint8Array): object => js.decode(bytes), (record: object): Uint8Array => js.encode(record).finish()],
    [
      "@bufbuild/protobuf",
      (bytes: Uint8Array): object => fromBinary(buf, bytes),
      (record: object): Uint8Array => toBinary(buf, record as Message),
    ],
  ] as const;
  for (const [oracle, read, write] of oracles) {
    const decode = objectsIn(documents, read);
    const encode = objectsOut(documents.map(read), write);
    const each = (what: string, theirs: () => void, ours: () => void): void =>
      compare({ name: `protobuf ${name}: ${what}`, oracle, records: documents.length, theirs, ours, goal: 1 });
    each("decode objects", decode, objectsIn(documents, decoder));
    each("encode objects", encode, objectsOut(records, encoder.value));
    each("decode columns", decode, columns.run);
    each("encode columns", encode, columnsOut(batch, encoder.row));
  }
}
