/** One line for a person who waits. On stderr, so that a command's own output stays clean. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`);
