import { createHash } from 'node:crypto';
import {
  alertStage,
  deliverStage,
  deliveryTopic,
  detectStage,
  directoryStage,
  ingestStage,
  lanes,
  topicNames,
} from '@tocsin/core';
import type { Stage } from '@tocsin/core';
import { messenger, sms } from '@tocsin/channels';
import { json } from '@tocsin/formats';
import { customerConditions, fraudRules } from '@tocsin/rules';

/* The stages as the product runs them, with its own rules, formats and channels. */

export const tenantId = 'bank';
export const bankTopic = 'bank.transactions';
export const channelIds = ['messenger', 'sms'] as const;
export type UsedChannel = (typeof channelIds)[number];

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Every stage, by name. Made anew, so that nothing that one run left in memory helps another one. */
export const realStages = (): ReadonlyMap<string, Stage<never>> => {
  const options = new json.options();
  const stages = [
    ingestStage({
      source: { name: 'cards', kind: 'transactions', tenantId },
      topic: bankTopic,
      decode: (value, headers, receivedAt) => json.decode(value, headers, options, receivedAt),
      digest: sha256,
    }),
    detectStage({ rules: fraudRules, conditions: customerConditions }),
    alertStage({
      digest: sha256,
      channels: { messenger: messenger.capabilities, sms: sms.capabilities },
    }),
    directoryStage(),
    ...channelIds.flatMap((channel) => lanes.map((lane) => deliverStage({ channel, lane, digest: sha256 }))),
  ];
  return new Map(stages.map((stage) => [stage.name, stage as Stage<never>]));
};

const inputs = new Map([...realStages()].map(([name, { input }]) => [name, input]));

export const stageNames: readonly string[] = [...inputs.keys()];
export const inputOf = (stage: string): string => inputs.get(stage)!;

/** Two partitions wherever a stage reads, so that there is something to interleave. */
export const partitions: Readonly<Record<string, number>> = {
  [bankTopic]: 2,
  [topicNames.accountEvents]: 2,
  [topicNames.customerEvents]: 2,
  [topicNames.addresses]: 2,
  ...Object.fromEntries(channelIds.flatMap((channel) => lanes.map((lane) => [deliveryTopic(channel, lane), 2]))),
  [topicNames.customers]: 1,
  [topicNames.bankRequests]: 1,
  [topicNames.cases]: 1,
  [topicNames.ledger]: 1,
  [topicNames.rejected]: 1,
  [topicNames.deadLetters]: 1,
};
