// What an eventTime lambda may return: epoch milliseconds. Event time is whole milliseconds everywhere, so a fraction is cut off, as a cast
// to Flink's long does: `seconds * 1000` often leaves one.

export class EventTimeError extends Error {
  override readonly name = "EventTimeError";
  readonly code = "BAD_EVENT_TIME";
}

/** The time in whole milliseconds; throws EventTimeError unless it is a finite number. */
export function checkEventTime(time: unknown): number {
  if (typeof time === "number" && time - time === 0) return Math.floor(time);
  const got =
    time instanceof Date ? "a Date (return date.getTime())" : typeof time === "number" ? String(time) : `a value of type ${typeof time}`;
  throw new EventTimeError(`eventTime must return milliseconds since 1970 as a finite number, not ${got}.`);
}
