const begun = performance.now();

/** One line of progress for whoever waits, with the seconds since the start. */
export const say = (line: string): void =>
  void process.stderr.write(`  faults ${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
