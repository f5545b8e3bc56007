import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Metrics, engineMetrics, setPartitionMetrics, zeroEngineMetrics } from '@tocsin/nest';
import type { Committed } from './committed.ts';
import { Samples, readExposition } from './exposition.ts';
import { askAll } from './instances.ts';
import type { Instance } from './instances.ts';
import { isWell, statusOf } from './status.ts';
import { tableOf } from './table.ts';

const at = Date.parse('2026-01-02T03:04:05.000Z');
const saved: Committed = { partitions: 4, lagRecords: 12, lagSeconds: 1.5, clockAt: at - 1_500 };
const stages = [
  { stage: 'detect', topic: 'account-events', committed: saved, problem: null },
  {
    stage: 'alert',
    topic: 'customer-events',
    committed: { ...saved, lagRecords: 0, lagSeconds: 0, clockAt: null },
    problem: null,
  },
];

/** An instance that owns these partitions of `detect`. */
async function instance(url: string, partitions: readonly number[], changes: (metrics: Metrics) => void = () => {}) {
  const metrics = new Metrics({ processMetrics: false });
  const engine = engineMetrics(metrics);
  zeroEngineMetrics(metrics, 'detect');
  metrics.set('build_info', { version: '1.2.3', node: 'v24' }, 1);
  for (const partition of partitions) engine.lag('detect', partition, 10 * (partition + 1), partition);
  const status = partitions.map((partition) => ({
    partition,
    state: 'running' as const,
    reason: null,
    offset: 1,
    clockAt: null,
    dirty: 0,
    checkpointAt: null,
    unsavedSince: at - 250 * (partition + 1),
    dropped: 0,
  }));
  setPartitionMetrics(metrics, 'detect', status, at);
  changes(metrics);
  const samples = readExposition(await metrics.text());
  return { url, answers: true, version: '1.2.3', problems: [], samples } satisfies Instance;
}

describe('reading what /metrics says', () => {
  it('gives back names, labels and values, whatever stands in the labels', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const rule = 'a "quoted" \\ back\nslash, } and {';
    metrics.count('findings', { rule, mode: 'live' }, 3);
    metrics.observe('checkpoint_seconds', { stage: 'detect' }, 0.2);
    const samples = new Samples(readExposition(await metrics.text()));
    expect(samples.of('tocsin_findings_total')).toEqual([
      { name: 'tocsin_findings_total', labels: { rule, mode: 'live' }, value: 3 },
    ]);
    expect(samples.sum('tocsin_checkpoint_seconds_count', { stage: 'detect' })).toBe(1);
    expect(samples.sum('tocsin_fenced_total')).toBeNull();
  });
});

describe('the status', () => {
  it('adds up what instances say, and takes the worst where adding says nothing', async () => {
    const instances = [
      await instance('http://a', [0, 1], (metrics) => metrics.count('fenced', { stage: 'detect' }, 2)),
      await instance('http://b', [2], (metrics) => metrics.count('fenced', { stage: 'detect' }, 1)),
    ];
    const { stages: found } = statusOf({ at, log: null, state: null, stages, instances });
    expect(found[0]).toMatchObject({
      owned: { running: 3, waiting: 0, stopped: 0 },
      lagRecords: 60,
      lagSeconds: 2,
      checkpointAgeSeconds: 0.75,
      fenced: 3,
      reproducedDropped: 0,
      stopped: [],
    });
    expect(found[1]).toMatchObject({ owned: {}, lagRecords: null, fenced: null });
  });

  it('shows the worst breaker, and what waits in both lanes', async () => {
    const set = (state: 'open' | 'closed', waiting: number) => (metrics: Metrics) => {
      for (const one of ['closed', 'open', 'probing'] as const)
        metrics.set('breaker_state', { channel: 'sms', state: one }, one === state ? 1 : 0);
      metrics.set('deliveries_waiting', { channel: 'sms', lane: 'urgent' }, waiting);
      metrics.set('deliveries_waiting', { channel: 'sms', lane: 'routine' }, 10 * waiting);
      metrics.set('retries_due', { channel: 'sms', lane: 'routine' }, waiting);
      metrics.set('delivery_due_age_seconds', { channel: 'sms', lane: 'urgent' }, waiting);
      metrics.count('deliveries', { channel: 'sms', outcome: 'unknown' }, waiting);
    };
    const instances = [
      await instance('http://a', [], set('closed', 1)),
      await instance('http://b', [], set('open', 3)),
    ];
    const status = statusOf({ at, log: null, state: null, stages, instances });
    expect(status.channels).toEqual([
      {
        channel: 'sms',
        breaker: 'open',
        waiting: 44,
        retriesWaiting: null,
        retriesDue: 4,
        dueAgeSeconds: 3,
        attemptsOpen: null,
        outcomes: { unknown: 4 },
      },
    ]);
    expect(tableOf(status).join('\n')).toMatch(/^sms +open +44 +\? +4 +3\.0 +\? +\? +4$/m);
  });

  it('prints a table that says what is behind, what stands still, and what is away', async () => {
    const stop = (metrics: Metrics) => engineMetrics(metrics).stopped('detect', 1, 'STATE_EMPTY');
    const away: Instance = {
      url: 'http://c:8083',
      answers: false,
      version: null,
      problems: [{ what: 'instance', problem: 'ECONNREFUSED' }],
      samples: [],
    };
    const unready = {
      ...(await instance('http://a', [0, 1], stop)),
      problems: [{ what: 'detect', problem: 'stopped.' }],
    };
    const status = statusOf({ at, log: null, state: 'no answer', stages, instances: [unready, away] });
    expect(isWell(status)).toBe(false);
    expect(tableOf(status)).toEqual([
      'log         answers',
      'state store AWAY: no answer',
      '',
      'STAGE   PARTITIONS   BEHIND  SECONDS  UNSAVED S  REPRODUCED  FENCED  DEAD  SAVED UP TO',
      'detect  2/4 running      12      1.5        0.5           0       0     0  2026-01-02T03:04:03.500Z',
      'alert   4                 0      0.0          ?           ?       ?     ?  nothing processed yet',
      'detect: partition 1 stands still (STATE_EMPTY); see "tocsin doctor".',
      '',
      'http://a  NOT READY, build 1.2.3',
      '  detect: stopped.',
      'http://c:8083  AWAY: ECONNREFUSED',
    ]);
  });

  it('takes the lag from the instances while log or store are away', async () => {
    const unknown = stages.map((stage) => ({ ...stage, committed: null }));
    const instances = [await instance('http://a', [0, 1])];
    const status = statusOf({ at, log: 'away', state: null, stages: unknown, instances });
    expect(tableOf(status).join('\n')).toMatch(/^detect +2 running +30 +1\.0 +0\.5 +0 +0 +0 +\?$/m);
  });

  it('says of a stage why nothing is known of it, although log and store answer', () => {
    const [detect, alert] = stages;
    const unknown = { ...alert!, committed: null, problem: 'the brokers of the bank do not answer' };
    const lines = tableOf(statusOf({ at, log: null, state: null, stages: [detect!, unknown], instances: [] }));
    expect(lines).toContain('alert: what it has saved is not known: the brokers of the bank do not answer');
    expect(lines.filter((line) => line.startsWith('detect:'))).toEqual([]);
  });

  it('is well only while nothing is away and nothing stands still', async () => {
    const good = { at, log: null, state: null, stages, instances: [await instance('http://a', [0])] };
    expect(isWell(statusOf(good))).toBe(true);
    expect(isWell(statusOf({ ...good, log: 'away' }))).toBe(false);
    const topicless = stages.map((stage) => ({
      ...stage,
      committed: null,
      problem: `there is no topic ${stage.topic}`,
    }));
    expect(isWell(statusOf({ ...good, stages: topicless }))).toBe(false);
    const stop = (metrics: Metrics) => engineMetrics(metrics).stopped('detect', 0, 'BEYOND_END');
    expect(isWell(statusOf({ ...good, instances: [await instance('http://a', [0], stop)] }))).toBe(false);
  });
});

describe('asking instances', () => {
  it('reads metrics and health, and says of each that does not answer why', async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.set('build_info', { version: '0.1.0', node: 'v24' }, 1);
    const text = await metrics.text();
    const server = createServer((request, response) => {
      if (request.url === '/metrics') return response.end(text);
      response.writeHead(503, { 'content-type': 'application/json' });
      const details = { log: { status: 'up' }, state: { status: 'down', message: 'Redis is away.' } };
      response.end(JSON.stringify({ status: 'error', details }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const [here, gone] = await askAll([`http://127.0.0.1:${port}`, 'http://127.0.0.1:10']);
    server.close();
    expect(here).toMatchObject({
      answers: true,
      version: '0.1.0',
      problems: [{ what: 'state', problem: 'Redis is away.' }],
    });
    expect(gone).toMatchObject({ answers: false, problems: [{ what: 'instance', problem: 'ECONNREFUSED' }] });
  });
});
