import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicSpecs } from '@tocsin/core';
import { channelIds } from '@tocsin/services';
import { addAcceptLog } from './accept-log.ts';
import { addDeadLetters } from './dead-letters.ts';
import { embeddedInstallation } from './embedded-installation.testing.ts';
import type { EmbeddedInstallation } from './embedded-installation.testing.ts';
import { addLedger } from './ledger.ts';
import { addRecover } from './recover.ts';
import { addRejected } from './rejected.ts';
import { addRetry } from './retry.ts';
import { UsageError } from './with-platform.ts';

/** The sentence of a usage error; anything else fails. */
const mistake = (run: Promise<string>): Promise<string> =>
  run.then(
    (said) => Promise.reject(new Error(`It was taken, and said: ${said}`)),
    (error: unknown) => (error instanceof UsageError ? error.message : Promise.reject(error as Error)),
  );

describe('a command that asks for what is not there', () => {
  let installation: EmbeddedInstallation;

  beforeAll(async () => {
    installation = embeddedInstallation();
    await installation.with(async ({ log, counts }) => {
      await log.createTopics([...topicSpecs(channelIds, counts), { name: 'bank', partitions: 2, cleanup: 'delete' }]);
    });
  });
  afterAll(() => installation.remove());

  it('is told which partitions there are', async () => {
    for (const [add, verb] of [
      [addRetry, 'retry'],
      [addAcceptLog, 'accept-log'],
    ] as const) {
      const ask = (partition: string) =>
        installation.run(add, verb, '--stage', 'ingest.payments', '--partition', partition);
      expect(await mistake(ask('1,999'))).toBe('There is no partition 999 of ingest.payments; there are 0 to 1.');
      expect(await mistake(ask('one'))).toContain('numbers');
      expect(await ask('0,1')).not.toBe('');
    }
  });

  it('is not told that partitions were asked to try again where it only asked what would be done', async () => {
    const accept = (...more: readonly string[]) =>
      installation.run(addAcceptLog, 'accept-log', '--stage', 'ingest.payments', ...more);
    expect(await accept()).toContain('is asked to try again');
    expect(await accept('--dry-run')).toBe('The log is the one that was read: there is nothing to accept.\n');
    expect(await installation.run(addRecover, 'recover')).toContain('are asked to try again');
    expect(await installation.run(addRecover, 'recover', '--dry-run')).not.toContain('are asked to try again');
    const asked = await installation.run(addRecover, 'recover', '--dry-run', '--json');
    expect(JSON.parse(asked)).toMatchObject({ done: false, lost: [], wrong: [] });
  });

  it('is told what a limit is', async () => {
    for (const limit of ['abc', '0', '-1', '1.5', '']) {
      expect(await mistake(installation.run(addRejected, 'rejected', 'list', '--limit', limit))).toContain('from 1 on');
    }
    expect(await installation.run(addRejected, 'rejected', 'list', '--limit', '5')).toContain('Nothing was rejected');
    expect(await installation.run(addLedger, 'ledger', 'verify')).toContain('The ledger is empty');
  });
});

describe('a command on an installation that has no topics', () => {
  let installation: EmbeddedInstallation;

  beforeAll(() => {
    installation = embeddedInstallation();
  });
  afterAll(() => installation.remove());

  it.each([
    ['ledger verify', addLedger, 'ledger'],
    ['rejected list', addRejected, 'rejected'],
    ['rejected show 0/0', addRejected, 'rejected'],
    ['rejected redrive', addRejected, 'rejected'],
    ['deadletters list', addDeadLetters, 'dead-letters'],
    ['retry --stage ingest.payments', addRetry, 'bank'],
    ['accept-log --stage ingest.payments', addAcceptLog, 'bank'],
  ] as const)('%s does not take what is missing for empty', async (words, add, topic) => {
    const said = await mistake(installation.run(add, ...words.split(' ')));
    expect(said).toContain(`The topic ${topic} `);
    expect(said).toContain('does not exist');
    expect(said).toContain('"tocsin topics create"');
  });
});
