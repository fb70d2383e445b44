// protobufjs' parser for any name: it keeps what it reads in plain objects and leaves out, without a word, what is called __proto__. Such names
// stand for themselves under another name while protobufjs has them; what leaves it is named as in the text.
import protobuf from "protobufjs";

const STAND_IN = "f__proto__of_no_other";
/** Texts and comments are left as they are. */
const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<![\w$])__proto__(?![\w$])/g;

/** The text is of an edition: what it says first, behind comments. */
const EDITION = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*edition\s*=/;
const RESERVED_NAMES = /\/\/[^\n]*|\/\*[^]*?\*\/|(?<![\w$.])reserved\s*(?=["'])([^;]*);|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

/** In editions reserved names are identifiers. Others print them in quotes all the same, as before editions. */
function withIdentifiers(text: string): string {
  if (!EDITION.test(text)) return text;
  return text.replaceAll(RESERVED_NAMES, (token, names?: string) =>
    names === undefined ? token : `reserved ${names.replaceAll(/["']/g, "")};`,
  );
}

/** Adds the text's types to `root`; their names as realName() has them. Throws what protobufjs throws. */
export function parseProtoText(text: string, root: protobuf.Root): protobuf.IParserResult {
  const plain = withIdentifiers(text);
  const given = plain.includes("__proto__") ? plain.replaceAll(TOKEN, (token) => (token === "__proto__" ? STAND_IN : token)) : plain;
  return keepingNumbers(() => protobuf.parse(given, root, { keepCase: true }));
}

interface OwnType extends protobuf.Type {
  /** protobufjs' own: by number; null when it is to be made anew. */
  _fieldsById: Record<number, protobuf.Field> | null;
}

/** protobufjs forgets its table of a message's numbers with each field, and makes it anew for the next: 4,000 fields took a second. */
function keepingNumbers<T>(parse: () => T): T {
  const { prototype } = protobuf.Type;
  const { add } = prototype;
  prototype.add = function (this: OwnType, object) {
    const numbers = this.fieldsById;
    add.call(this, object);
    if (object instanceof protobuf.Field && this.fields[object.name] === object) numbers[object.id] = object;
    this._fieldsById = numbers;
    return this;
  };
  try {
    return parse();
  } finally {
    prototype.add = add;
  }
}

/** A name of protobufjs', short or in full, as it is in the text. */
export function realName(name: string): string {
  return name.includes(STAND_IN) ? name.replaceAll(STAND_IN, "__proto__") : name;
}

/** A name of the text, as protobufjs has it. */
export function parsedName(name: string): string {
  return name.replaceAll(/(?<![^.])__proto__(?![^.])/g, STAND_IN);
}

/** The same of all names in a descriptor, in place. */
export function withRealNames<T extends object>(descriptor: T): T {
  for (const [key, value] of Object.entries(descriptor)) {
    if (typeof value === "string") (descriptor as Record<string, unknown>)[key] = realName(value);
    else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) withRealNames(value as object);
  }
  return descriptor;
}
