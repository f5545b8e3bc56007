/** One line of what `/metrics` says. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escaped: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

/** Reads Prometheus's text form. */
export function readExposition(text: string): readonly Sample[] {
  return text.split('\n').flatMap((written) => {
    if (written.startsWith('#')) return [];
    const [, name, inside = '', value] = line.exec(written) ?? [];
    if (name === undefined) return [];
    const labels = Object.fromEntries(
      [...inside.matchAll(label)].map(([, key = '', raw = '']) => [
        key,
        raw.replaceAll(/\\[n"\\]/g, (one) => escaped[one]!),
      ]),
    );
    return [{ name, labels, value: Number(value) }];
  });
}

/** The metrics of several instances, to ask for sums and extremes. */
export class Samples {
  readonly #byName = new Map<string, Sample[]>();

  constructor(all: readonly Sample[]) {
    for (const sample of all) {
      const known = this.#byName.get(sample.name);
      if (known === undefined) this.#byName.set(sample.name, [sample]);
      else known.push(sample);
    }
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return (this.#byName.get(name) ?? []).filter((sample) =>
      wanted.every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** Null where nobody says anything about it. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const found = this.of(name, labels);
    return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
  }

  most(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const found = this.of(name, labels);
    return found.length === 0 ? null : Math.max(...found.map(({ value }) => value));
  }

  /** The values that a label has in these. */
  values(name: string, of: string, labels: Readonly<Record<string, string>> = {}): readonly string[] {
    return [...new Set(this.of(name, labels).map((sample) => sample.labels[of] ?? ''))];
  }
}
