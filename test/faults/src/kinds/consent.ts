import { waitUntil } from '@tocsin/testing';
import type { Bed } from '../bed/bed.ts';
import type { Person } from '../bank/workload.ts';
import type { Memory } from '../memory.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/* A customer takes Messenger back while messages for them are under way. */

const burst = 4;

async function takeBack(bed: Bed, memory: Memory, { customer }: Person, byWord: boolean): Promise<void> {
  const to = customer.addresses.messenger!;
  const askedAt = Date.now();
  if (byWord) {
    const { status, body } = await bed.graph.deliver([bed.graph.events.says(to, 'STOP')]);
    if (status !== 200) throw new Error(`STOP was answered ${status}: ${body}`);
  } else {
    await bed.api.post(`customers/${customer.id}/consents`, {
      changes: [{ channel: 'messenger', purpose: '*', dataClass: '*', action: 'revoke' }],
      source: 'branch',
    });
  }
  // From here on, the answer having been given, nothing may leave there.
  memory.taken.push({
    customerId: customer.id,
    channel: 'messenger',
    to,
    askedAt,
    answeredAt: Date.now(),
    place: bed.graph.received().length,
    mayAnswer: byWord,
  });
}

function spend(bed: Bed, one: Person, count: number): void {
  bed.feeder.publish(Array.from({ length: count }, () => bed.workload.purchase(one, Date.now())));
}

const taking = (name: string, needs: readonly string[], rollsBack: boolean): Kind => ({
  name,
  draw: (bed, random, memory) => {
    const one = bed.workload.stoppers[(memory.stoppersDrawn += 1) - 1];
    const [byWord, awayMs, beforeMs] = [random.chance(0.5), random.between(0, 500), random.between(50, 600)];
    return {
      target:
        one === undefined
          ? 'nobody is left who could'
          : `${one.customer.id}, ${byWord ? 'by the word STOP' : 'by the bank'}`,
      needs,
      run: async () => {
        if (one === undefined) return;
        spend(bed, one, 1);
        await rest(2_000);
        const rollBack = rollsBack ? bed.redis.remember() : undefined;
        spend(bed, one, burst);
        await rest(beforeMs);
        await takeBack(bed, memory, one, byWord);
        await rollBack?.(awayMs);
        spend(bed, one, burst);
        if (rollsBack) await bed.redis.whole();
        await rest(1_000);
        spend(bed, one, 1);
      },
    };
  },
});

export const takenBack = taking('stop', [], false);

/** Within a second after the answer Redis is what it was before the question. */
export const takenBackThenRollback = taking('stop-then-older-file', ['redis'], true);

/**
 * The same while a message waits in `deliver` for a provider that wants it later, and `alert` is too slow to pass the news on:
 * then the barrier alone holds it, and the barrier is what Redis forgets.
 */
export const takenBackWhileWaiting: Kind = {
  name: 'stop-while-waiting-then-older-file',
  long: true,
  draw: (bed, random, memory) => {
    const one = bed.workload.stoppers[(memory.stoppersDrawn += 1) - 1];
    const [byWord, awayMs] = [random.chance(0.5), random.between(0, 500)];
    const alerts = bed.of('alert');
    return {
      target: one === undefined ? 'nobody is left who could' : one.customer.id,
      needs: ['redis', ...alerts.map(({ label }) => `process ${label}`), 'provider messenger'],
      run: async () => {
        if (one === undefined) return;
        const to = one.customer.addresses.messenger!;
        const rollBack = bed.redis.remember();
        const later = { kind: 'rate-limited', retryAfterSeconds: 4 } as const;
        const good = bed.graph.script({ fault: later, times: burst, recipientSuffix: to });
        spend(bed, one, burst);
        await waitUntil(
          'the provider to want a message later',
          () => bed.graph.received().some((request) => request.to === to && request.outcome === 'rate-limited'),
          { withinMs: 120_000 },
        );
        for (const { process } of alerts) process.freeze();
        try {
          await takeBack(bed, memory, one, byWord);
          await rollBack(awayMs);
          await rest(6_000);
        } finally {
          for (const { process } of alerts) process.thaw();
          good();
        }
        await bed.redis.whole();
      },
    };
  },
};
