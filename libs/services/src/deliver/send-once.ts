import type { OpenChannel, Outcome, Recipient, RenderedMessage, Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';

/** After the abort the channel may still say what it knows. */
const lastWordMs = 250;
/** Turns of the event loop in which an answer that is here is read to its end. */
const turnsToRead = 4;

/**
 * Where this process was held up, the deadline is noticed before the answer is read that came in time: timers are called
 * first, whatever has arrived meanwhile.
 */
async function whatIsHereIsRead(): Promise<void> {
  for (let turn = 0; turn < turnsToRead; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * One call of the channel, with an end: at the deadline it is aborted. A channel that throws, or does not answer even then,
 * leaves it unknown whether the message was sent.
 */
export async function sendOnce(
  channel: OpenChannel,
  recipient: Recipient,
  message: RenderedMessage,
  { key, timeoutMs, clock }: { readonly key: string; readonly timeoutMs: Span; readonly clock: ExecutorClock },
): Promise<Outcome> {
  const abort = new AbortController();
  let cancelLastWord = (): void => {};
  let cancel = (): void => {};
  let answered = false;
  const late = new Promise<Outcome>((resolve) => {
    const end = async (): Promise<void> => {
      await whatIsHereIsRead();
      if (answered) return;
      abort.abort();
      cancelLastWord = clock.after(lastWordMs, () => resolve({ kind: 'unknown', code: 'deadline' }));
    };
    cancel = clock.after(timeoutMs, () => void end());
  });
  const call = async (): Promise<Outcome> => {
    try {
      return await channel.send(recipient, message, { key, now: clock.now(), signal: abort.signal });
    } catch {
      return { kind: 'unknown', code: abort.signal.aborted ? 'deadline' : 'exception' };
    }
  };
  try {
    return await Promise.race([call(), late]);
  } finally {
    answered = true;
    cancel();
    cancelLastWord();
  }
}
