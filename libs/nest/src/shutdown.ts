import type { Logger } from './logging.ts';

/** What is closed when the process is told to end, in this order. */
export interface Closing {
  readonly name: string;
  readonly close: () => Promise<void>;
}

const sameWishMs = 500;

/**
 * Ends the process gracefully on SIGTERM and SIGINT (Ctrl-C): everything that runs is drained, in order; a second signal,
 * or the time-out, ends it at once with code 1.
 */
export function closeOnSignal(
  closing: readonly Closing[],
  logger: Logger,
  options: { readonly timeoutMs?: number; readonly announce?: (line: string) => void } = {},
): void {
  const timeoutMs = options.timeoutMs ?? 20_000;
  const announce = options.announce ?? (() => {});
  let endingSince: number | undefined;
  const end = (signal: string): void => {
    if (endingSince !== undefined) {
      // A supervisor may signal the whole group and the process: that is one wish, not two.
      if (performance.now() - endingSince < sameWishMs) return;
      announce('Ending at once.');
      process.exit(1);
    }
    endingSince = performance.now();
    announce('Finishing what is in flight; press Ctrl-C again to end at once.');
    setTimeout(() => {
      logger.error('shutdown took too long', { signal, timeoutMs });
      process.exit(1);
    }, timeoutMs).unref();
    void closeAll(closing, logger).then((clean) => process.exit(clean ? 0 : 1));
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
}

/** Closes in order; a failure is logged and does not keep the others from closing. */
export async function closeAll(closing: readonly Closing[], logger: Logger): Promise<boolean> {
  let clean = true;
  for (const { name, close } of closing) {
    try {
      await close();
    } catch (error) {
      clean = false;
      logger.error('closing failed', { what: name, error: (error as Error).message });
    }
  }
  return clean;
}
