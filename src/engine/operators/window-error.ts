// What a window throws at an element that it cannot place.
export class WindowError extends Error {
  override readonly name = "WindowError";
  readonly code = "NO_EVENT_TIME";
}
