const deepest = 6;

interface Trouble {
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/**
 * What lies beneath an error of a log, in the words of the client: which broker was asked, and what became of it. For the
 * log and the terminal of an operator; not for answers that outsiders read, since it names addresses.
 */
export function causesOf(error: unknown): readonly string[] {
  const found: string[] = [];
  const look = (at: unknown, depth: number): void => {
    if (typeof at !== 'object' || at === null || depth > deepest) return;
    const { message, cause, errors } = at as Trouble;
    const said = typeof message === 'string' ? message.trim() : '';
    // The error of a socket that was tried by both families of addresses has no words of its own.
    if (depth > 0 && said !== '' && !found.some((other) => other.includes(said))) found.push(said);
    if (Array.isArray(errors)) for (const one of errors as unknown[]) look(one, depth + 1);
    look(cause, depth + 1);
  };
  look(error, 0);
  return found;
}
