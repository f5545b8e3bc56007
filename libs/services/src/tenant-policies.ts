import { defaultPolicy } from '@tocsin/core';
import type { TenantPolicy } from '@tocsin/core';
import { configuredChannels } from './channel-table.ts';
import type { Settings } from './settings.ts';

/** The policy of each tenant until one is activated: the default, with its own channels and the bank's name, language and zone. */
export function tenantPolicies(settings: Settings): (tenantId: string) => TenantPolicy {
  const configured = configuredChannels(settings).channels;
  const policyOf = (tenantId: string): TenantPolicy => {
    const own = configured.filter((channel) => channel.tenantId === tenantId);
    return defaultPolicy(Object.fromEntries(own.map(({ id, channel }) => [id, channel.capabilities])));
  };
  const named = new Map(
    Object.entries(settings.tenants).map(([id, { bankName, language, timeZone }]) => [
      id,
      { ...policyOf(id), bankName, defaultLanguage: language, defaultTimeZone: timeZone },
    ]),
  );
  return (tenantId) => named.get(tenantId) ?? policyOf(tenantId);
}
