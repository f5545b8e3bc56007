import { deliveryTopic, keyOf, lanes, partitionOf, topicNames } from '@tocsin/core';
import type { AccountRecord, BankRequest, TenantPolicy, TenantPolicyRecord } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';
import type { Act } from './act.ts';
import { accountOf } from './bank-acts.ts';
import { customerOf } from './customer-acts.ts';
import type { Life } from './life.ts';
import { channelIds, partitions, tenantId } from './stages.ts';

/* What staff and systems of the bank do about accounts, rules and policy. */

const rules = [...fraudRules.map(({ id }) => id), ...customerConditions.map(({ id }) => id)];

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const toAccount = (
  life: Life,
  record: DistributiveOmit<AccountRecord, 'version' | 'tenantId'> & { accountId: string },
) =>
  life.pipeline.put(topicNames.accountEvents, keyOf(tenantId, record.accountId), { version: 1, tenantId, ...record });

/** Undefined where the act is nobody's here. */
export function officeAct(life: Life, act: Act): Promise<void> | undefined {
  const acceptedAt = life.now;
  switch (act.do) {
    case 'holders':
      return toAccount(life, {
        type: 'account-holders',
        id: life.name('holders'),
        accountId: accountOf(act.account),
        acceptedAt,
        holders: act.customers.map((customer, i) => ({
          customerId: customerOf(customer),
          role: i === 0 ? 'owner' : 'joint',
        })),
      });
    case 'settings':
      return toAccount(life, {
        type: 'account-settings',
        id: life.name('settings'),
        accountId: accountOf(act.account),
        acceptedAt,
        country: act.country,
        openedOn: '2024-05-01',
      });
    case 'conditions':
      return toAccount(life, {
        type: 'conditions',
        id: life.name('conditions'),
        accountId: accountOf(act.account),
        customerId: customerOf(act.customer),
        acceptedAt,
        conditions: Object.fromEntries(
          customerConditions.map(({ id }) => [id, { on: act.on, amount: { minor: act.minor, currency: 'EUR' } }]),
        ),
      });
    case 'label':
      return toAccount(life, {
        type: 'label',
        id: life.name('label'),
        accountId: accountOf(act.pick % 3),
        transactionId: `t-${act.pick % 40}`,
        label: act.label,
        source: 'analyst',
        at: life.now,
      });
    case 'account-event':
      return toAccount(life, {
        type: 'account-event',
        id: act.repeated ? 'the-same-once-more' : life.name('event'),
        kind: 'device-added',
        accountId: accountOf(act.account),
        occurredAt: life.now,
        acceptedAt,
        data: { device: 'd-1' },
      });
    case 'bank-answer': {
      const requests = life.pipeline.values<BankRequest>(topicNames.bankRequests);
      const request = requests[act.pick % Math.max(1, requests.length)];
      if (request === undefined) return Promise.resolve();
      const { requestId, accountId } = request;
      const answer = act.accepted ? 'accepted' : 'refused';
      return toAccount(life, {
        type: 'bank-answer',
        id: life.name('answer'),
        accountId,
        requestId,
        answer,
        acceptedAt,
      });
    }
    case 'rule-set': {
      const version = life.ruleSetVersion + act.by;
      life.ruleSetVersion = Math.max(life.ruleSetVersion, version);
      const rule = rules[act.rule] ?? 'no-such-rule';
      const ruleSet = { id: `rules-${version}`, version, rules: { [rule]: { mode: act.mode } } };
      const record = { type: 'rule-set', version: 1, id: life.name('activation'), tenantId, ruleSet };
      return life.pipeline.broadcast(topicNames.accountEvents, tenantId, record);
    }
    case 'policy':
      return policy(life, act);
    case 'garbage':
      return garbage(life, act);
    default:
      return undefined;
  }
}

async function policy(life: Life, { sms, messenger, by, alertScore }: Extract<Act, { do: 'policy' }>): Promise<void> {
  const version = life.policyVersion + by;
  life.policyVersion = version;
  const value: TenantPolicy = {
    id: `policy-${version}`,
    version,
    bankName: `Bank ${version}`,
    defaultLanguage: 'en',
    defaultTimeZone: 'Europe/Sofia',
    channels: { sms: { allowed: sms }, messenger: { allowed: messenger } },
    legalBasis: { 'fraud-protection': { basis: 'legitimate-interest', channels: ['sms'] } },
    alertScore,
    answerWithinMs: 20_000,
  };
  const record: TenantPolicyRecord = {
    type: 'tenant-policy',
    version: 1,
    id: life.name('policy'),
    tenantId,
    policy: value,
  };
  const topics = channelIds.flatMap((channel) => lanes.map((lane) => deliveryTopic(channel, lane)));
  for (const topic of [topicNames.customerEvents, ...topics]) await life.pipeline.broadcast(topic, tenantId, record);
}

const unreadable = [
  'not json',
  '{}',
  '{"type":"nonsense","version":1}',
  '{"type":"finding","version":1,"tenantId":"bank","customerId":"cus-0"}',
  '{"type":"transaction","version":1,"tenantId":"bank","transaction":{}}',
  '{"type":"reply","version":1,"tenantId":"bank","customerId":"cus-1","id":"odd"}',
  '{"type":"outcome","version":1,"tenantId":"bank","customerId":"cus-0","deliveryId":"none","attempt":1}',
  '{"type":"receipt","version":9}',
];

function garbage(life: Life, { topic, what }: Extract<Act, { do: 'garbage' }>): Promise<void> {
  const name = [topicNames.accountEvents, topicNames.customerEvents, deliveryTopic('sms', 'urgent')][topic - 1]!;
  const key = keyOf(tenantId, 'cus-0');
  const partition = partitionOf(key, partitions[name]!);
  return life.pipeline.append([{ topic: name, partition, key, value: unreadable[what]! }]);
}
