import { barrierKey, contactKey, keyOf, newerBarrier } from '@tocsin/core';
import type { BarrierAnswer, BarrierRecord, ContactRecord, Job, PartitionView } from '@tocsin/core';
import type { ExecutorOptions } from './executor-options.ts';

/** What decides whether a delivery may leave now. */
export interface Looked {
  readonly contact: ContactRecord | undefined;
  readonly answer: BarrierAnswer;
}

/** Contacts and barriers of these jobs, in one round trip each; undefined when they cannot be read: then nothing may leave. */
export async function look(
  { barriers, channel, metrics }: ExecutorOptions,
  view: PartitionView,
  jobs: readonly Job[],
): Promise<readonly Looked[] | undefined> {
  const questions = jobs.map(({ delivery: { tenantId, customerId } }) => ({
    tenantId,
    customerId,
    channel: channel.id,
    provider: channel.provider.name,
  }));
  try {
    const customers = questions.map(({ tenantId, customerId }) => keyOf(tenantId, customerId));
    // What the store of barriers may have forgotten stands in our own log, too.
    const own = await view.load<ContactRecord | BarrierRecord>([
      ...customers.map(contactKey),
      ...customers.map(barrierKey),
    ]);
    const contacts = own.slice(0, jobs.length) as readonly (ContactRecord | undefined)[];
    const noted = own.slice(jobs.length) as readonly (BarrierRecord | undefined)[];
    // The barriers last: nothing waits between their answer and what is done with it.
    const answers = await barriers.ask(questions);
    return contacts.map((contact, i) => {
      const { barrier, killed } = answers[i]!;
      return { contact, answer: { barrier: newerBarrier(barrier, noted[i] ?? null), killed } };
    });
  } catch {
    if (!view.lost) metrics.count('barriers_unreadable', { channel: channel.id });
    return undefined;
  }
}
