import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { barrierCases, bucketCases, logSuite, shortTermCases, stateCases } from '@tocsin/suites';
import { embedded } from './embedded.ts';
import type { Embedded } from './embedded.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-embedded-'));
let all: Embedded;
let leap = 0;

/** Leases and buckets are measured by the clock that is handed in; so time can be told to pass. */
const elapse = (span: number): Promise<void> => {
  leap += span;
  return Promise.resolve();
};

beforeAll(async () => {
  all = await embedded({ folder, now: () => Date.now() + leap });
});

afterAll(async () => {
  await all.close();
  rmSync(folder, { recursive: true });
});

describe('log', () => {
  it.each(logSuite({ members: true, identity: true }))('$name', async (logCase) => {
    leap = 0;
    await logCase.run({
      log: all.log,
      another: () => Promise.resolve(all.connect()),
      deleteTopic: (topic) => all.deleteTopic(topic),
      trim: (topic, partition, before) => all.trimPartition(topic, partition, before),
      tooLargeBytes: 1 << 20,
      shortSessionMs: 200,
    });
  });
});

describe('state', () => {
  it.each(stateCases)('$name', ({ run }) => run({ store: all.state, rival: all.state, elapse }));
});

describe('barriers', () => {
  it.each(barrierCases)('$name', ({ run }) => run({ barriers: all.barriers, elsewhere: all.barriers }));
});

describe('token buckets', () => {
  it.each(bucketCases)('$name', ({ run }) => run({ buckets: all.buckets, elsewhere: all.buckets, elapse }));
});

describe('short-term texts', () => {
  it.each(shortTermCases)('$name', ({ run }) => run({ store: all.shortTerm, elsewhere: all.shortTerm, elapse }));
});
