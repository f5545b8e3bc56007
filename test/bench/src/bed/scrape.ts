/** One sample of Prometheus's text form. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a scrape; comments and whatever cannot be read are left out. */
export function samplesOf(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) continue;
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!]),
    );
    samples.push({ name: match[1]!, labels, value: Number(match[3]) });
  }
  return samples;
}

/** What a bench wants to know of a service at one instant. */
export interface Scrape {
  /** Monotonic, in milliseconds. */
  readonly at: number;
  /** Records taken from the log by each stage: processed, dropped as repeated, ticks and dead letters. */
  readonly taken: ReadonlyMap<string, number>;
  readonly deadLetters: number;
  /** Partitions that the process is at work on, of all its stages. */
  readonly owned: number;
  /** CPU time of the process since its start, in seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

export function scrapeOf(text: string, at: number): Scrape {
  const taken = new Map<string, number>();
  let deadLetters = 0;
  let owned = 0;
  let cpuSeconds = 0;
  let rssBytes = 0;
  let heapBytes = 0;
  for (const { name, labels, value } of samplesOf(text)) {
    if (name === 'tocsin_records_total' || name === 'tocsin_records_dropped_total') {
      const stage = labels['stage'] ?? '';
      taken.set(stage, (taken.get(stage) ?? 0) + value);
      if (labels['outcome'] === 'dead-letter') deadLetters += value;
    } else if (name === 'tocsin_partitions' && labels['state'] === 'running') owned += value;
    else if (name === 'process_cpu_seconds_total') cpuSeconds = value;
    else if (name === 'process_resident_memory_bytes') rssBytes = value;
    else if (name === 'nodejs_heap_size_used_bytes') heapBytes = value;
  }
  return { at, taken, deadLetters, owned, cpuSeconds, rssBytes, heapBytes };
}

/** Records taken by all stages whose name begins so. */
export const takenBy = ({ taken }: Scrape, prefix: string): number =>
  [...taken].filter(([stage]) => stage.startsWith(prefix)).reduce((sum, [, count]) => sum + count, 0);
