/** Progress goes to standard error, with the seconds since the start, so that standard output stays a result. */
export const sayTo = (loud: boolean): ((line: string) => void) =>
  loud
    ? (line) => void process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`)
    : () => undefined;
