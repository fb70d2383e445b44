// A server.properties file: Java's properties syntax (comments, = : or blank as separator, continued lines, \uXXXX), read to name → value.
// https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)

export function parseProperties(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of logicalLines(text)) {
    const [name, value] = splitLine(line);
    Object.defineProperty(result, unescape(name), { value: unescape(value), enumerable: true, writable: true, configurable: true });
  }
  return result;
}

function* logicalLines(text: string): Generator<string> {
  let open: string | undefined;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line: string = open === undefined ? raw.trimStart() : open + raw.trimStart();
    if (open === undefined && (line === "" || line.startsWith("#") || line.startsWith("!"))) continue;
    const trailing = /\\*$/.exec(line)![0].length;
    if (trailing % 2 === 1) open = line.slice(0, -1);
    else {
      yield line;
      open = undefined;
    }
  }
  if (open !== undefined) yield open;
}

function splitLine(line: string): [string, string] {
  let end = 0;
  while (end < line.length && !/[=:\s]/.test(line[end]!)) end += line[end] === "\\" ? 2 : 1;
  const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, "");
  return [line.slice(0, end), rest];
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f" };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
    code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
