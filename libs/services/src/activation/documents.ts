import {
  deliverStageName,
  deliveryTopic,
  entriesOfRuleSet,
  lanes,
  maxRuleCharacters,
  policyEntry,
  policyKey,
  problemsOfPolicy,
  problemsOfRuleSet,
  ruleSetEntry,
  topicNames,
} from '@tocsin/core';
import type { RuleSet, TenantPolicy } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';
import { configuredChannels } from '../channel-table.ts';
import type { Settings } from '../settings.ts';

/** A versioned, immutable document that is in force in the partitions that it was broadcast to. */
export interface Document {
  readonly id: string;
  readonly version: number;
}

/** Where a document goes: a stage, its topic, and the entry in which it then stands. */
export interface Target {
  readonly stage: string;
  readonly topic: string;
  readonly entry: (tenantId: string) => string;
}

/** A kind of document: a rule set, a policy. */
export interface DocumentKind<D extends Document = Document> {
  readonly name: 'rule-set' | 'tenant-policy';
  /** As it stands in `audit`. */
  readonly action: string;
  readonly targets: readonly Target[];
  /** What is wrong with what a file says for a tenant, as sentences. */
  problems(content: unknown, tenantId: string): readonly string[];
  record(tenantId: string, document: D): object;
  /** The entries of a target in which it stands. */
  entries(target: Target, tenantId: string, document: D): readonly (readonly [string, unknown])[];
}

/** As JSON. */
export const maxDocumentBytes = 256 * 1024;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function problemsOfDocument(content: unknown): readonly string[] {
  if (!isObject(content)) return ['The file must hold one object.'];
  const { id, version } = content;
  return [
    ...(typeof id === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(id)
      ? []
      : ['id must be 1 to 64 letters, digits, . _ -']),
    ...(version === undefined ? [] : ['version is given out when it is activated; leave it out.']),
    ...(Buffer.byteLength(JSON.stringify(content)) <= maxDocumentBytes
      ? []
      : [`A document may have ${maxDocumentBytes} bytes.`]),
  ];
}

export function ruleSets(): DocumentKind<RuleSet> {
  return {
    name: 'rule-set',
    action: 'activate-rule-set',
    targets: [{ stage: 'detect', topic: topicNames.accountEvents, entry: ruleSetEntry }],
    problems(content) {
      const problems = problemsOfDocument(content);
      if (problems.length > 0) return problems;
      const { rules, ...rest } = content as Readonly<Record<string, unknown>>;
      const surplus = Object.keys(rest).filter((key) => key !== 'id');
      if (surplus.length > 0) return surplus.map((key) => `${key} is not a part of a rule set.`);
      if (!isObject(rules) || !Object.values(rules).every(isObject)) return ['rules must be settings by rule.'];
      const large = Object.entries(rules).filter(([, setting]) => JSON.stringify(setting).length > maxRuleCharacters);
      return [
        ...large.map(([id]) => `${id} may have ${maxRuleCharacters} characters.`),
        ...problemsOfRuleSet({ id: '', version: 1, rules } as RuleSet, fraudRules, customerConditions),
      ];
    },
    record: (tenantId, ruleSet) => ({
      type: 'rule-set',
      version: 1,
      id: `rule-set/${ruleSet.id}/${ruleSet.version}`,
      tenantId,
      ruleSet,
    }),
    entries: (_target, tenantId, ruleSet) => entriesOfRuleSet(tenantId, ruleSet),
  };
}

/** A policy is for `alert`, which decides by it, and for every stage that sends, which decides again. */
export function policies(settings: Settings): DocumentKind<TenantPolicy> {
  const configured = configuredChannels(settings).channels;
  const table = Object.fromEntries(configured.map(({ id, channel }) => [id, channel.capabilities]));
  return {
    name: 'tenant-policy',
    action: 'activate-policy',
    // Who sends comes first: what `alert` decides by the new one then meets it, and what it takes away is in force sooner.
    targets: [
      ...configured.flatMap(({ id }) =>
        lanes.map((lane) => ({
          stage: deliverStageName(id, lane),
          topic: deliveryTopic(id, lane),
          entry: policyKey,
        })),
      ),
      { stage: 'alert', topic: topicNames.customerEvents, entry: policyEntry },
    ],
    problems(content, tenantId) {
      const problems = problemsOfDocument(content);
      const others = configured.filter((channel) => channel.tenantId !== tenantId).map(({ id }) => id);
      return problems.length > 0 ? problems : problemsOfPolicy(content as TenantPolicy, table, others);
    },
    record: (tenantId, policy) => ({
      type: 'tenant-policy',
      version: 1,
      id: `tenant-policy/${policy.id}/${policy.version}`,
      tenantId,
      policy,
    }),
    entries: (target, tenantId, policy) => [[target.entry(tenantId), policy]],
  };
}
