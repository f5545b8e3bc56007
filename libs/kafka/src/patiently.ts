import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 5;
const pauseMs = 100;

/**
 * Asks a few times before it takes "there is none" for an answer: of a topic that was created a moment ago, not every
 * broker has heard.
 */
export async function patiently<T>(question: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await question();
    if (answer !== undefined || attempt === attempts) return answer;
    await sleep(pauseMs);
  }
}
