/** What a baseline's process is told, as the one argument of its command line, in JSON. */
export interface BaselineJob {
  readonly client: 'kafkajs' | 'platformatic';
  readonly broker: string;
  readonly redis: { readonly host: string; readonly port: number };
  /** Consumer group, and prefix of keys in Redis. */
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  /** Where findings, or copies, go. */
  readonly output: string;
  /** Of the stock transport: partitions at a time. */
  readonly concurrently: number;
}

export interface Progress {
  readonly taken: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

export const jobOf = (): BaselineJob => JSON.parse(process.argv[2] ?? '{}') as BaselineJob;

/** Answers whoever started this process how far it is, and ends with it. */
export function answerProgress(taken: () => number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    process.send!({
      taken: taken(),
      cpuSeconds: (user + system) / 1e6,
      rssBytes: rss,
      heapBytes: heapUsed,
    } satisfies Progress);
  });
  process.on('disconnect', () => process.exit(0));
}
