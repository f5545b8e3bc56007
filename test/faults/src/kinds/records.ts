import { deliveryTopic, lanes, topicNames } from '@tocsin/core';
import { channels } from '@tocsin/channels';
import { partitions, tenant } from '@tocsin/test-e2e';
import type { Bed } from '../bed/bed.ts';
import type { Ground } from '../bed/ground.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/* Faults that are records: what cannot be read, and what changes the rules in the middle of the stream. */

export const poison: Kind<Ground> = {
  name: 'poison',
  draw: (bed) => ({
    target: 'the bank topic',
    needs: [],
    run: () => {
      bed.feeder.publish(bed.workload.poison(Date.now()));
      return Promise.resolve();
    },
  }),
};

/** As the product activates a document: whole, to every partition, and again until all have it. */
async function broadcast({ log }: Bed, topics: Readonly<Record<string, number>>, record: object): Promise<void> {
  const value = JSON.stringify(record);
  for (const [topic, count] of Object.entries(topics)) {
    for (let partition = 0; partition < count; partition++) {
      for (let attempt = 1; ; attempt++) {
        try {
          await log.append([{ topic, partition, key: `${tenant}:*`, value }]);
          break;
        } catch (error) {
          if (attempt === 60) throw error;
          await rest(500);
        }
      }
    }
  }
}

/** The rule that finds the fraud in this campaign is switched off, or on again: from then on those payments are purchases. */
export const ruleSetActivated: Kind = {
  name: 'rule-set',
  draw: (bed, _random, memory) => ({
    target: topicNames.accountEvents,
    needs: ['rule-set'],
    run: async () => {
      const version = (memory.ruleSetVersion += 1);
      const ruleSet = {
        id: `rules-${version}`,
        version,
        rules: { 'amount-vs-median': { mode: version % 2 === 1 ? 'off' : 'live' } },
      };
      const record = { type: 'rule-set', version: 1, id: ruleSet.id, tenantId: tenant, ruleSet };
      await broadcast(bed, { [topicNames.accountEvents]: partitions.stage }, record);
    },
  }),
};

/** The bank calls itself something else; nothing else changes. */
export const policyActivated: Kind = {
  name: 'tenant-policy',
  draw: (bed, _random, memory) => ({
    target: topicNames.customerEvents,
    needs: ['policy'],
    run: async () => {
      const version = (memory.policyVersion += 1);
      const bankName = `Tocsin Bank${version % 10}`;
      memory.bankNames.push(bankName);
      const basis = { basis: 'legitimate-interest:fraud-prevention', channels: ['sms', 'email', 'inbox'] };
      const policy = {
        id: `policy-${version}`,
        version,
        bankName,
        defaultLanguage: 'en',
        defaultTimeZone: 'Europe/Sofia',
        channels: Object.fromEntries(channels.map(({ id }) => [id, { allowed: true }])),
        legalBasis: { 'fraud-protection': basis, 'security-notice': basis },
      };
      const record = { type: 'tenant-policy', version: 1, id: policy.id, tenantId: tenant, policy };
      const topics: Record<string, number> = { [topicNames.customerEvents]: partitions.stage };
      for (const { id } of channels) for (const lane of lanes) topics[deliveryTopic(id, lane)] = partitions.delivery;
      await broadcast(bed, topics, record);
    },
  }),
};
