import type { Fault } from '@tocsin/simulator';
import type { Ground } from '../bed/ground.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/* What providers do. Each kind spoils a few requests of one provider, then lets it be good again. */

const spoiled = (name: string, fault: Fault, more: (bed: Ground, forMs: number) => void = () => {}): Kind<Ground> => ({
  name,
  draw: (bed, random) => {
    const channel = random.pick(['messenger', 'sms'] as const);
    const [times, forMs] = [random.between(1, 4), random.between(3_000, 8_000)];
    return {
      target: channel,
      needs: [`provider ${channel}`],
      run: async () => {
        const good = (channel === 'messenger' ? bed.graph : bed.twilio).script({ fault, times });
        more(bed, forMs);
        await rest(forMs);
        good();
      },
    };
  },
});

/** Takes the message and never answers. */
export const timesOut = spoiled('provider-times-out', { kind: 'never-answer' });

/** Takes it and answers when nobody waits any more: the services give a provider 5 seconds. */
export const answersLate = spoiled('provider-answers-late', { kind: 'slow', delayMs: 7_000 });

/** Answers each request twice, and delivers every report twice. */
export const answersTwice = spoiled('provider-answers-twice', { kind: 'answer-twice' }, ({ relay }, forMs) => {
  relay.twiceUntil = performance.now() + forMs;
});
