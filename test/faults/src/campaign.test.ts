import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Campaign } from './campaign.ts';
import type { CampaignResult } from './campaign.ts';
import { objections } from './judge/verdict.ts';
import { defaults } from './options.ts';

/* The short form of `npm run test:faults`: eight faults on one broker. The long form draws from all kinds, by its seed. */

const kinds = [
  'kill',
  'zombie',
  'leave-join',
  'broker-kill',
  'redis-older-file',
  'redis-fail-over',
  'provider-times-out',
  'stop',
];

describe('eight faults in a row', () => {
  const campaign = new Campaign({ ...defaults, faults: 8, seed: 8, kinds, customers: 60, everyMs: 2_000 });
  let result: CampaignResult | undefined;
  let good = false;

  beforeAll(async () => {
    result = await campaign.run();
  }, 600_000);
  afterAll(() => campaign.close(!good), 30_000);

  it('nothing is lost, doubled, unexpected, out of order or sent without consent', () => {
    const against = objections(result!.verdict);
    expect({ objections: against.length, first: against.slice(0, 20) }).toEqual({ objections: 0, first: [] });
  });

  it('and something was at stake: the bank wrote, replays wrote again, and every fault was recovered from', () => {
    expect(result!.hollow).toEqual([]);
    expect(result!.verdict.alerts).toBeGreaterThan(50);
    good = objections(result!.verdict).length === 0;
  });
});
