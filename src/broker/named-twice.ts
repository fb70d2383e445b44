// What a request names more than once. Apache Kafka refuses such parts: each once, and nothing of them is done. Takes linear time, for a request
// may name a million things.

export function namedTwice<T>(names: Iterable<T>): ReadonlySet<T> {
  const known = new Set<T>();
  const twice = new Set<T>();
  for (const name of names) {
    if (known.has(name)) twice.add(name);
    else known.add(name);
  }
  return twice;
}
