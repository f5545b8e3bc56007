import { defaultPolicy } from '@tocsin/core';
import type { TenantPolicy } from '@tocsin/core';
import { configuredChannels } from './channel-table.ts';
import type { Settings } from './settings.ts';

/** The policy of each tenant until one is activated: the default, with the bank's name, language and zone. */
export function tenantPolicies(settings: Settings): (tenantId: string) => TenantPolicy {
  const channels = Object.fromEntries(
    configuredChannels(settings).channels.map(({ id, channel }) => [id, channel.capabilities]),
  );
  const base = defaultPolicy(channels);
  const named = new Map(
    Object.entries(settings.tenants).map(([id, { bankName, language, timeZone }]) => [
      id,
      { ...base, bankName, defaultLanguage: language, defaultTimeZone: timeZone },
    ]),
  );
  return (tenantId) => named.get(tenantId) ?? base;
}
