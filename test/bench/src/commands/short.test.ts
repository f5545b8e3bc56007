import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { documentOf } from '../report/document.ts';
import { throughputTable } from '../report/throughput-table.ts';
import { documentFile } from './docs.ts';
import { footprint } from './footprint.ts';
import { growth } from './growth.ts';
import { growthTable } from './growth-command.ts';
import { footprintTable } from './footprint-command.ts';
import { latency } from './latency.ts';
import { latencyTable } from './latency-command.ts';
import { profile } from './profile.ts';
import { soak } from './soak.ts';
import { soakText } from './soak-command.ts';
import { throughput } from './throughput.ts';

/*
 * Each bench in its shortest form, on a broker, a Redis and services of its own: does it run, and does it count what it
 * should? Never how long anything took.
 */

const limitMs = 300_000;
const say = (): void => undefined;
const small = { records: 1_000, accounts: 200 };

describe('the benches', () => {
  it(
    'run ours beside every baseline over the same load, and each writes what the load demands',
    async () => {
      const contenders = await throughput({ ...small, clients: ['kafkajs'], runs: 1, stockMs: 60_000 }, say);
      expect(contenders.map(({ name }) => name)).toEqual([
        'pass-through',
        'script',
        'stock',
        'stock, 8 at a time',
        'ingest alone',
        'detect alone',
        'chain',
        'ingest in the chain',
        'detect in the chain',
        'alert in the chain',
        'deliver in the chain',
      ]);
      for (const { runs } of contenders)
        expect(runs).toEqual([expect.objectContaining({ records: expect.any(Number) })]);
      expect(contenders.find(({ name }) => name === 'chain')!.runs[0]!.records).toBe(1_000);
      expect(throughputTable(contenders).split('\n')).toHaveLength(2 + contenders.length);
    },
    limitMs,
  );

  it(
    'follow a record from the bank to the provider, with the other client',
    async () => {
      const options = {
        ...small,
        clients: ['platformatic'],
        runs: 2,
        rates: [200],
        seconds: 1,
        warmUpSeconds: 1,
      } as const;
      const runs = await latency(options, say);
      // Half of 200 transactions alert at so low a rate; as many went before the first run, uncounted.
      const expected = { client: 'platformatic', rate: 200, isHalf: false, messages: 100, unexpected: 0 };
      expect(runs).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
      for (const { p50, p99 } of runs) {
        expect(p50).toBeGreaterThan(0);
        expect(p99).toBeGreaterThanOrEqual(p50);
      }
      expect(latencyTable(runs)).toContain('| platformatic |');
    },
    limitMs,
  );

  it(
    'see a killed instance’s partitions served again',
    async () => {
      // Each partition has an alert within these seconds; who serves it again is waited for.
      const seconds = { before: 1, after: 3 };
      const found = await footprint(
        { ...small, client: undefined, idleSeconds: 1, runs: 1, sessionTimeoutMs: 6_000, takeOverSeconds: seconds },
        say,
      );
      expect(Object.keys(found.idle)).toEqual(['deliver', 'alert', 'detect', 'ingest']);
      expect(Object.keys(found.drainRssBytes)).toEqual(['ingest', 'detect', 'alert', 'deliver']);
      expect(found.startToFirstRecordMs).toHaveLength(1);
      // Nobody takes over before the group has given the dead one up.
      expect(found.takeOverMs[0]).toBeGreaterThan(1_000);
      expect(footprintTable(found)).toContain('session timeout 6,000 ms');
    },
    limitMs,
  );

  it(
    'soak, and lose nothing',
    async () => {
      const found = await soak({ ...small, client: undefined, minutes: 0.05, rate: 100, sampleSeconds: 1 }, say);
      expect(found).toMatchObject({ rate: 100, records: 300, expected: 6, messages: 6 });
      expect(found.samples.length).toBeGreaterThan(1);
      expect(soakText(found)).toContain('xychart-beta');
    },
    limitMs,
  );

  it(
    'draw curves',
    async () => {
      const points = await growth({ curves: ['rules', 'hot'], runs: 1, records: 200, smaller: 1_000 }, say);
      expect(points.map(({ curve, at }) => `${curve}: ${at}`)).toEqual([
        'rules: 5 rules',
        'rules: 50 rules',
        'hot: mean: no hot account',
        'hot: 5 % of one account',
        'hot: only the hot account, 50,000 ids remembered',
        'hot: only the hot account, 1,000,000 ids remembered',
      ]);
      // Findings are not the question: a load that fires would measure them.
      for (const { runs } of points) expect(runs[0]!.findings).toBe(0);
      expect(growthTable(points)).toMatch(/\| rules +\| 5 rules +\| +1\.00 \|/);
    },
    limitMs,
  );

  it(
    'profile a stage',
    async () => {
      const out = mkdtempSync(join(tmpdir(), 'tocsin-profile-'));
      // Long enough at work that it is seen at it: the profile counts from the last look that found nothing taken.
      const load = { ...small, records: 20_000 };
      try {
        const [found] = await profile('detect', { ...load, alerting: undefined, client: undefined, out }, say);
        expect(found!.summary.groups.map(({ name }) => name)).toEqual(expect.arrayContaining(['libs/engine']));
        expect(readFileSync(found!.graph, 'utf8')).toMatch(/^<svg[^]+libs\/engine\/[^]+<\/svg>\n$/);
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    },
    limitMs,
  );
});

describe('docs/performance.md', () => {
  it('says what the results in docs/performance/ say', () => {
    const text = readFileSync(documentFile, 'utf8');
    expect(documentOf(text)).toBe(text);
  });
});
