import { describe, expect, it } from '@jest/globals';
import { entryFormat } from '@tocsin/engine';
import { goldenUrl, keptVersions, linesOf, presentVersion, restoredRecord, textOfLines } from './golden/golden-file.ts';
import type { GoldenLine } from './golden/golden-file.ts';
import { families, shapesOf, typesOf } from './golden/golden-records.ts';
import type { RecordShape } from './golden/golden-records.ts';
import { continued, expectedOf, goldenLife, goldenState, restoredPipeline } from './golden/golden-state.ts';
import { Pipeline, stop } from './pipeline.ts';
import { inputOf, partitions, stageNames } from './stages.ts';
import { outputsOf } from './trace.ts';

const version = presentVersion();
const stateOf = (of: string): readonly GoldenLine[] => linesOf<GoldenLine>(goldenUrl('state', of));
const recordsOf = (of: string): readonly RecordShape[] => linesOf<RecordShape>(goldenUrl('records', of));
const makeAnew = 'If that was meant: npm run golden, and look at the difference.';

describe('state that was stored', () => {
  it.each(keptVersions('state'))('by %s is gone on from, with the outputs and the state that follow', async (of) => {
    const lines = stateOf(of);
    const results = await continued(lines);
    const byName = (given: readonly GoldenLine[]) => given.map((line) => JSON.stringify(line)).sort();
    expect(byName(results)).toEqual(byName(expectedOf(lines)));
    expect(results.filter((line) => 'output' in line).length).toBeGreaterThan(40);
  });

  it('is stored by this build as the golden file of its version has it', async () => {
    expect(keptVersions('state')).toContain(version);
    const differing = textOfLines(await goldenState(version)) === textOfLines(stateOf(version)) ? '' : makeAnew;
    expect(differing).toBe('');
  });

  it('holds every kind of entry of every stage', () => {
    const kinds = new Set(
      stateOf(version).flatMap((line) =>
        'bytes' in line ? [`${line.stage} ${/^!?[a-z]+(?=[:/])/.exec(line.entry)?.[0]}`] : [],
      ),
    );
    const expected = [
      ...['a', 's', 'l', 'i', '!rules', '!w'].map((kind) => `detect ${kind}`),
      ...['p', 'c', 'a', 'q', 'h', 'm', 'f', 'i', '!policy', '!w', '!t'].map((kind) => `alert ${kind}`),
      'directory !w',
      ...['b', 'c', 'i', '!h', '!p', '!w'].map((kind) => `deliver.sms.urgent ${kind}`),
    ];
    expect(expected.filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it.each(stageNames.filter((stage) => stage !== 'ingest.cards'))(
    'by a newer build is refused, and nothing is written: %s',
    async (stage) => {
      const pipeline = await restoredPipeline(stateOf(version), stage, (bytes) => {
        const newer = Uint8Array.from(bytes);
        newer[0] = entryFormat + 1;
        return newer;
      });
      const machine = pipeline.start({}, [stage]);
      const [running] = await machine.running;
      await pipeline.clock.advance(0);
      const states = running!.runner
        .status()
        .filter(({ partition }) => pipeline.store.entries(stage, partition).size > 0);
      expect(states.length).toBeGreaterThan(0);
      for (const { state, reason } of states) expect([state, reason]).toEqual(['stopped', 'ENTRY_FORMAT']);
      expect(outputsOf(pipeline, stage)).toEqual([]);
      await stop(machine);
    },
  );
});

describe('records that were written', () => {
  it('hold every type that the table of topics names', () => {
    const has = new Set(recordsOf(version).map(({ topic, type }) => `${topic} ${type}`));
    const named = families.flatMap(([family, topics]) => typesOf(topics[0]!).map((type) => `${family} ${type}`));
    expect(named.filter((name) => !has.has(name))).toEqual([]);
  });

  it.each(keptVersions('records'))('by %s can be read by this build', async (of) => {
    for (const { topic, sample } of recordsOf(of)) {
      const stage = stageNames.find(
        (name) => inputOf(name) === topic || (topic === 'deliveries' && name.startsWith('deliver.')),
      );
      if (stage === undefined) continue;
      const pipeline = new Pipeline({ startAt: sample.timestamp });
      const input = inputOf(stage);
      pipeline.log.partition(input, 0).records.push(restoredRecord(input, 0, { ...sample, offset: 0 }));
      const machine = pipeline.start({}, [stage]);
      await machine.running;
      await pipeline.clock.advance(0);
      await stop(machine);
      expect(pipeline.values('dead-letters')).toEqual([]);
      expect((await pipeline.store.slot(stage, 0).position())?.offset).toBe(1);
    }
    expect(Object.keys(partitions)).toContain('dead-letters');
  });

  it.each(keptVersions('records'))(
    'by %s have no field that this build no longer writes, or writes as another type',
    async (of) => {
      const now = new Map(
        shapesOf((await goldenLife()).pipeline).map((shape) => [`${shape.topic} ${shape.type}`, shape]),
      );
      const gone = recordsOf(of).flatMap(({ topic, type, fields }) => {
        const shape = now.get(`${topic} ${type}`);
        return Object.entries(fields)
          .filter(([path, kinds]) => shape?.fields[path] !== kinds)
          .map(([path, kinds]) => `${topic} ${type} ${path}: ${kinds}, now ${shape?.fields[path]}`);
      });
      expect(gone).toEqual([]);
    },
  );
});
