// What a checker found, by the name of the rule. Keeps a few examples of each rule and counts the rest.

/** Examples kept of one rule. */
const MAX_EXAMPLES = 5;

export interface Finding {
  count: number;
  readonly examples: string[];
}

export class Anomalies {
  readonly found = new Map<string, Finding>();

  add(rule: string, example: string): void {
    let finding = this.found.get(rule);
    if (finding === undefined) this.found.set(rule, (finding = { count: 0, examples: [] }));
    finding.count++;
    if (finding.examples.length < MAX_EXAMPLES) finding.examples.push(example);
  }

  get names(): string[] {
    return [...this.found.keys()].sort();
  }

  get isEmpty(): boolean {
    return this.found.size === 0;
  }

  /** One line per rule. */
  toString(): string {
    return [...this.found].map(([rule, { count, examples }]) => `${rule} × ${count}: ${examples.join("; ")}`).join("\n");
  }
}
