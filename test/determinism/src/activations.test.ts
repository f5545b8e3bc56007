import { afterAll, describe, expect, it } from '@jest/globals';
import { ruleModes, topicNames } from '@tocsin/core';
import type { DeliveryRecord, FindingRecord, LogRecord, RuleSetRecord, TenantPolicyRecord } from '@tocsin/core';
import { originOf } from '@tocsin/engine';
import { customerConditions, fraudRules } from '@tocsin/rules';
import fc from 'fast-check';
import { act, acts } from './act.ts';
import type { Act } from './act.ts';
import { live } from './life.ts';
import { Fleet, misfortune } from './misfortunes.ts';
import type { Pipeline } from './pipeline.ts';
import { valueOf } from './pipeline.ts';
import { prepared } from './replay.ts';
import { patienceMs, tried, usualRuns } from './runs.ts';
import { inputOf } from './stages.ts';
import { outputsOf, traceOf } from './trace.ts';

/* What is in force at a record follows from the raw log alone: the newest version that stands before it in its partition. */

const known = new Set([...fraudRules, ...customerConditions].map(({ id }) => id));

const readable = <T>(record: LogRecord): T | undefined => {
  try {
    return valueOf<T>(record);
  } catch {
    return undefined;
  }
};

/** For each record of a partition, by offset: what is in force once it has been read. */
function inForce<R extends { readonly type: string }, D extends { readonly version: number }>(
  { log }: Pipeline,
  topic: string,
  partition: number,
  type: R['type'],
  documentOf: (record: R) => D | undefined,
): readonly (D | undefined)[] {
  let active: D | undefined;
  return log.partition(topic, partition).records.map((record) => {
    const value = readable<R | null>(record);
    const document = value?.type === type ? documentOf(value) : undefined;
    if (document !== undefined && document.version > (active?.version ?? -Infinity)) active = document;
    return active;
  });
}

const ruleSetOf = ({ ruleSet }: RuleSetRecord): RuleSetRecord['ruleSet'] | undefined => {
  const fits = Object.entries(ruleSet.rules).every(([id, { mode }]) => known.has(id) && ruleModes.includes(mode!));
  return fits ? ruleSet : undefined;
};

/** Where an output came from. */
const placeOf = (record: LogRecord): { readonly partition: number; readonly offset: number } => {
  const { source, offset } = originOf(record)!;
  return { partition: Number(source.split('/').at(-2)), offset };
};

const seen = { before: 0, after: 0, silenced: 0, allowed: 0, forbidden: 0 };

/** Every finding names the rule set that was in force at its transaction, and shows nothing that this one had silenced. */
function expectRuleSetsToSplit(pipeline: Pipeline): void {
  const sets = [0, 1].map((partition) =>
    inForce<RuleSetRecord, RuleSetRecord['ruleSet']>(pipeline, inputOf('detect'), partition, 'rule-set', ruleSetOf),
  );
  for (const record of outputsOf(pipeline, 'detect')) {
    const finding = record.topic === topicNames.customerEvents ? valueOf<FindingRecord>(record) : undefined;
    if (finding?.type !== 'finding') continue;
    const { partition, offset } = placeOf(record);
    const active = sets[partition]![offset];
    expect(finding.ruleSetVersion).toBe(active?.version ?? 0);
    const off = Object.entries(active?.rules ?? {}).filter(([, { mode }]) => mode !== 'live');
    for (const [rule] of off) {
      expect(finding.fired.map((fired) => fired.rule)).not.toContain(rule);
      seen.silenced++;
    }
    if (active === undefined) seen.before++;
    else seen.after++;
  }
}

/** No message is wanted on a channel that the policy in force forbids. */
function expectPoliciesToSplit(pipeline: Pipeline): void {
  const policies = [0, 1].map((partition) =>
    inForce<TenantPolicyRecord, TenantPolicyRecord['policy']>(
      pipeline,
      inputOf('alert'),
      partition,
      'tenant-policy',
      ({ policy }) => policy,
    ),
  );
  for (const record of outputsOf(pipeline, 'alert')) {
    if (!record.topic.startsWith('deliveries.')) continue;
    const delivery = valueOf<DeliveryRecord>(record);
    const { partition, offset } = placeOf(record);
    const policy = policies[partition]![offset];
    if (delivery.type !== 'delivery' || policy === undefined) continue;
    // What is taken back tells nobody anything, on a channel that is forbidden by now too.
    if (delivery.withdrawn === true) continue;
    expect([delivery.channel, policy.channels[delivery.channel]?.allowed]).toEqual([delivery.channel, true]);
    seen.allowed++;
  }
  seen.forbidden += policies.flat().filter((policy) => policy?.channels['messenger']?.allowed === false).length;
}

const activation: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant('rule-set' as const),
    mode: fc.constantFrom('off', 'shadow', 'live'),
    rule: fc.nat(10),
    by: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({
    do: fc.constant('policy' as const),
    sms: fc.boolean(),
    messenger: fc.boolean(),
    by: fc.integer({ min: 0, max: 2 }),
    alertScore: fc.constantFrom(0.2, 0.5, 0.9),
  }),
);

describe('a rule set or a policy that is activated in the middle', () => {
  it(
    'divides the stream at the same record, whoever reads it, and however often',
    async () => {
      const parts = fc.array(fc.tuple(activation, acts(6, 20)), { minLength: 2, maxLength: 4 });
      const misfortunes = fc.array(misfortune, { minLength: 4, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(act, { minLength: 8, maxLength: 20 }),
          parts,
          misfortunes,
          async (first, rest, suffered) => {
            const lived = await live([...first, ...rest.flatMap(([activated, then]) => [activated, ...then])]);
            expectRuleSetsToSplit(lived.pipeline);
            expectPoliciesToSplit(lived.pipeline);
            for (const stage of ['detect', 'alert', 'deliver.sms.urgent']) {
              const pipeline = prepared(lived, stage, (available) => Math.min(available, 5));
              const fleet = new Fleet(pipeline, [stage]);
              for (const what of suffered) await fleet.suffer(what);
              await fleet.recover();
              expect(traceOf(pipeline, stage)).toEqual(traceOf(lived.pipeline, stage));
              if (stage === 'detect') expectRuleSetsToSplit(pipeline);
              if (stage === 'alert') expectPoliciesToSplit(pipeline);
            }
          },
        ),
        tried(12),
      );
    },
    patienceMs,
  );
});

afterAll(() => {
  if (!usualRuns) return;
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
});
