// What JSON Schema's "format" means, where it is checked. Formats that are not here are remarks.

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const PLAIN: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  email: /^[^\s@"(),:;<>[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i,
  hostname: /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i,
  ipv4: /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/,
  "json-pointer": /^(?:\/(?:[^~/]|~[01])*)*$/,
};

export function formatHolds(format: string, text: string): boolean {
  const plain = PLAIN[format];
  if (plain !== undefined) return plain.test(text);
  switch (format) {
    case "date":
      return isDate(text);
    case "time":
      return isTime(text);
    case "date-time":
      return /^.{10}[Tt\s]/.test(text) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
    case "ipv6":
      return /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
    case "uri":
      return /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]*$/i.test(text);
    default:
      return true;
  }
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= (month === 2 && !isLeap ? 28 : DAYS[month - 1]!);
}

function isTime(text: string): boolean {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text);
  if (match === null) return false;
  const [hour, minute, second] = match.slice(1, 4).map(Number) as [number, number, number];
  const [zoneHour, zoneMinute] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || zoneHour > 23 || zoneMinute > 59) return false;
  if (second < 60) return true;
  // A leap second is at 23:59:60 UTC.
  const utc = (hour * 60 + minute - (match[4] === "-" ? -1 : 1) * (zoneHour * 60 + zoneMinute) + 2 * 1440) % 1440;
  return second === 60 && utc === 1439;
}
