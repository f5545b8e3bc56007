import { expect, it } from '@jest/globals';
import { hollowness } from './hollow.ts';

const fault = { number: 1, kind: 'kill', target: 'detect-a', beganAt: 0, endedAt: 1, recoveryMs: 5 };
const full = { records: 1_000, missing: 0, reproductions: 3, compared: 20, ofNewerBuild: [] as number[] };
const bed = { bed: 'distributed' } as const;

it('has nothing against a run in which enough happened', () => {
  expect(hollowness(bed, [fault], full)).toEqual([]);
  expect(hollowness(bed, [fault], { ...full, missing: undefined })).toEqual([]);
});

it('objects to a run that has tested nothing', () => {
  const against = (part: Partial<typeof full>) => hollowness(bed, [fault], { ...full, ...part });
  expect(against({ records: 99 })).toEqual(['the bank wrote only 99 records']);
  expect(against({ missing: 2 })).toEqual(['2 records of the bank do not stand in its topic']);
  expect(against({ reproductions: 0 })).toEqual(['only 0 records were produced again']);
  expect(against({ compared: 0 })).toEqual(['the order of only 0 alerts was compared']);
});

it('objects to an upgrade during which no newer build was at work, whatever others did', () => {
  const first = { ...fault, kind: 'rolling-upgrade', beganAt: 100, endedAt: 200 };
  const second = { ...first, number: 2, beganAt: 300, endedAt: 400 };
  const against = (ofNewerBuild: number[]) => hollowness(bed, [first, second], { ...full, ofNewerBuild });
  expect(against([150, 151, 250])).toEqual(['fault 2 (rolling-upgrade of detect-a) had no newer build at work']);
  expect(against([150, 300])).toEqual([]);
});

it('objects to a fault that was not done, or not recovered from', () => {
  const { recoveryMs: _, ...lasting } = fault;
  expect(hollowness(bed, [{ ...lasting, failed: 'no process' }], full)).toHaveLength(2);
});
