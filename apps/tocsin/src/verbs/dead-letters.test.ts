import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionOf, topicNames, topicSpecs } from '@tocsin/core';
import type { DeadLetter } from '@tocsin/core';
import { channelIds } from '@tocsin/services';
import { addDeadLetters } from './dead-letters.ts';
import { embeddedInstallation } from './embedded-installation.testing.ts';
import type { EmbeddedInstallation } from './embedded-installation.testing.ts';
import { UsageError } from './with-platform.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const key = 'alpha:acc-1';
const letters = 17;
const idOf = (offset: number, partition: number): string => `detect/account-events/${partition}/1@${offset}.0`;

interface Redriven {
  readonly sent: readonly string[];
  readonly left: readonly { readonly id: string; readonly why: string }[];
  readonly more: number;
}

describe('tocsin deadletters redrive', () => {
  let installation: EmbeddedInstallation;
  let partition: number;
  beforeAll(async () => {
    installation = embeddedInstallation();
    await installation.with(async ({ log, counts }) => {
      await log.createTopics([...topicSpecs(channelIds, counts), { name: 'bank', partitions: 1, cleanup: 'delete' }]);
      partition = partitionOf(key, counts.stage);
      for (let offset = 0; offset < letters; offset++) {
        const value = JSON.stringify({ type: 'of-a-newer-build', offset });
        await log.append([{ topic: topicNames.accountEvents, partition, key, value }]);
        const letter: DeadLetter = {
          type: 'dead-letter',
          version: 1,
          id: idOf(offset, partition),
          stage: 'detect',
          kind: 'unreadable',
          reason: 'The record cannot be read: Error.',
          origin: { topic: topicNames.accountEvents, partition, offset },
          key: base64(key),
          value: base64(value),
        };
        // A replay wrote it twice.
        for (let i = 0; i < 2; i++)
          await log.append([{ topic: topicNames.deadLetters, partition: 0, key, value: JSON.stringify(letter) }]);
      }
    });
  });
  afterAll(() => installation.remove());

  const redrive = async (...words: readonly string[]): Promise<Redriven> =>
    JSON.parse(await installation.run(addDeadLetters, 'deadletters', 'redrive', '--json', ...words)) as Redriven;
  const end = async (): Promise<number> => {
    let found = 0;
    await installation.with(async ({ log }) => {
      found = (await log.bounds(topicNames.accountEvents, partition)).end;
    });
    return found;
  };

  it('sends nothing where it is only asked, or asked for what is not there', async () => {
    const id = idOf(3, partition);
    expect(await redrive('--dry-run', id)).toMatchObject({ sent: [id], left: [] });
    for (const words of [[], ['nothing'], ['--stage', 'nothing'], ['--stage', 'detect', id]])
      await expect(redrive(...words)).rejects.toThrow(UsageError);
    expect(await end()).toBe(letters);
  });

  it('sends a letter once, and once more only where that is asked', async () => {
    const id = idOf(3, partition);
    expect(await redrive(id, id)).toMatchObject({ sent: [id], left: [] });
    expect(await end()).toBe(letters + 1);
    expect(await redrive(id)).toMatchObject({
      sent: [],
      left: [{ id, why: expect.stringContaining('sent again on') }],
    });
    expect(await end()).toBe(letters + 1);
    expect(await redrive('--again', id)).toMatchObject({ sent: [id] });
    expect(await end()).toBe(letters + 2);
  });

  it('goes through a stage so many at a time that a cause that was not mended does not stop it', async () => {
    const first = await redrive('--stage', 'detect');
    expect(first).toMatchObject({ left: [], more: 1 });
    expect(first.sent).toHaveLength(15);
    expect(await redrive('--stage', 'detect')).toMatchObject({ sent: [idOf(16, partition)], left: [], more: 0 });
    expect(await redrive('--stage', 'detect')).toEqual({ sent: [], left: [], more: 0, dryRun: false });
    expect(await end()).toBe(letters + 2 + 16);
  });
});
