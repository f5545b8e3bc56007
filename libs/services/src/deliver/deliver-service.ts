import { httpTools } from '@tocsin/channels';
import { deliverStage, lanes } from '@tocsin/core';
import type { ReasonTable, TenantPolicy } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest, sha256 } from '../platform/digests.ts';
import type { Service, ServiceContext } from '../service.ts';
import type { Settings } from '../settings.ts';
import { stageFeed } from '../stage-feed.ts';
import { tenantPolicies } from '../tenant-policies.ts';
import { Breaker } from './breaker.ts';
import { DeliverController } from './deliver.controller.ts';
import { deliveryCompanion } from './executor.ts';
import { watchBacklog, watchBreaker } from './watched.ts';

const sentences = new Map([...fraudRules, ...customerConditions].map(({ id, sentence }) => [id, sentence]));

/** The sentence that a rule's author wrote for customers; English is the only language rules have so far. */
const reasonSentence: ReasonTable = (ruleId, language) =>
  language.startsWith('en') ? sentences.get(ruleId) : undefined;

/** The channels that this instance serves, each with both lanes and one connection to its provider. */
export async function deliverService(context: ServiceContext): Promise<Service> {
  const { settings, platform, metrics, logger } = context;
  const policies: (tenantId: string) => TenantPolicy = tenantPolicies(settings);
  const served = configuredChannels(settings).channels.filter(
    ({ id }) => settings.deliver.channels?.includes(id) ?? true,
  );
  const tools = await httpTools();
  const opened = served.map((channel) => ({ ...channel, connection: channel.open(tools), breaker: new Breaker() }));
  for (const { id, breaker } of opened) watchBreaker(metrics, id, breaker);
  // Asked before every send, on a connection of its own; that of the state says nothing of it.
  const nobody = { tenantId: 'health', customerId: 'health', channel: 'health', provider: 'health' };
  const check = async (): Promise<void> => void (await platform.barriers.ask([nobody]));
  context.dependencies.add({ name: 'barriers', check });
  const feeds = opened.flatMap(({ id, tenantId, channel, provider, connection, breaker }) =>
    lanes.map((lane) => {
      const watched = watchBacklog(metrics, id, lane);
      return stageFeed({
        ...context,
        pattern: 'deliver',
        stage: deliverStage({ channel: id, lane, digest: sha256 }),
        companion: () =>
          watched(
            deliveryCompanion({
              channel: { id, tenantId, capabilities: channel.capabilities, provider, open: connection },
              lane,
              barriers: platform.barriers,
              buckets: platform.buckets,
              breaker,
              policy: policies,
              keyedDigest: keyedDigest(settings.secret),
              flush: () => platform.sync(),
              reasonSentence,
              metrics,
              logger,
              limits: limitsOf(settings),
            }),
          ),
      });
    }),
  );
  return {
    name: 'deliver',
    feeds,
    controllers: [DeliverController],
    close: async () => {
      for (const { connection } of opened) await connection.close?.();
    },
  };
}

const limitsOf = ({ deliver }: Settings) => ({
  concurrency: deliver.concurrency,
  attemptDeadlineMs: deliver.timeoutMs,
});
