import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { everyRecord } from '@tocsin/services';
import { embeddedInstallation } from './embedded-installation.testing.ts';
import type { EmbeddedInstallation } from './embedded-installation.testing.ts';
import { addReplay, shifted } from './replay.ts';

describe('tocsin replay', () => {
  let folder: string;
  let installation: EmbeddedInstallation;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-replay-'));
    installation = embeddedInstallation();
    await installation.with(async ({ log }) => {
      await log.createTopics([{ name: 'bank', partitions: 1, cleanup: 'delete' }]);
    });
  });
  afterEach(() => {
    installation.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('publishes each line as it is, line separators of Unicode within it included', async () => {
    const file = join(folder, 'lines.ndjson');
    const lines = ['{"merchant":{"name":"A\u2028B\u2029C\u0085D"}}', '{"id":"t-2"}', 'no JSON'];
    writeFileSync(file, `\ufeff${lines[0]}\r\n\n${lines[1]}\n${lines[2]}`);
    await installation.run(addReplay, 'replay', file, '--keep-times');
    await installation.with(async ({ log }) => {
      const values: string[] = [];
      for await (const { value } of everyRecord(log, 'bank')) values.push(new TextDecoder().decode(value ?? undefined));
      expect(values).toEqual(lines);
    });
  });

  const moved = (...times: readonly unknown[]): readonly unknown[] =>
    shifted(
      times.map((occurredAt) => JSON.stringify({ occurredAt })),
      Date.UTC(2026, 5, 1, 8),
    ).map((line) => (JSON.parse(line) as { occurredAt: unknown }).occurredAt);

  it('moves every kind of time that a bank may write, so that the newest is now', () => {
    expect(moved('2016-12-31T23:59:59Z', '2016-12-31t23:59:60z', '2017-01-01T01:00:00+02:00')).toEqual([
      '2026-06-01T07:59:59.000Z',
      '2026-06-01T08:00:00.000Z',
      '2026-06-01T07:00:00.000Z',
    ]);
    expect(moved('2026-01-08', '2026-01-10')).toEqual(['2026-05-30', '2026-06-01']);
    expect(moved('2026-01-10', '2026-01-10T12:00:00Z', '2026-01-09')).toEqual([
      '2026-06-01',
      '2026-06-01T08:00:00.000Z',
      '2026-05-31',
    ]);
  });

  it('leaves alone what has no time', () =>
    expect(moved('2026-01-10', 7, 'soon', null)).toEqual(['2026-06-01', 7, 'soon', null]));
});
