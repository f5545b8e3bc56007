import { alertStage, counters } from '@tocsin/core';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest } from '../platform/digests.ts';
import type { Service, ServiceContext } from '../service.ts';
import { stageFeed } from '../stage-feed.ts';
import { tenantPolicies } from '../tenant-policies.ts';
import { AlertController } from './alert.controller.ts';

/**
 * Decides with the channels that are configured, in that order, each for the customers of its tenant. The one tenant's bank
 * name, language and zone apply until it activates a policy; several tenants share the default until then.
 */
export function alertService(context: ServiceContext): Service {
  const { settings, metrics } = context;
  const configured = configuredChannels(settings).channels;
  const channels = Object.fromEntries(configured.map(({ id, channel }) => [id, channel.capabilities]));
  const owners = Object.fromEntries(configured.map(({ id, tenantId }) => [id, tenantId]));
  for (const channel of Object.keys(channels)) metrics.count('visible_duplicates', { channel }, 0);
  for (const kind of counters.cases.labels.kind) metrics.count('cases', { kind }, 0);
  const [only, ...others] = Object.keys(settings.tenants);
  const policy = only === undefined || others.length > 0 ? {} : { policy: tenantPolicies(settings)(only) };
  const stage = alertStage({ digest: keyedDigest(settings.secret), channels, owners, ...policy });
  return { name: 'alert', feeds: [stageFeed({ ...context, pattern: 'alert', stage })], controllers: [AlertController] };
}
