import { counters, directoryStage } from '@tocsin/core';
import type { Instant } from '@tocsin/core';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest } from '../platform/digests.ts';
import type { Service, ServiceContext } from '../service.ts';
import type { Settings } from '../settings.ts';
import { stageFeed } from '../stage-feed.ts';
import { Credentials } from './credentials.ts';
import type { TokenIssuer } from './credentials.ts';
import { DirectoryController } from './directory.controller.ts';
import { GatewayModule } from './gateway.module.ts';

export interface GatewayExtras {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Origins besides Meta's own to which account linking may return (a simulated Meta). */
  readonly returnOrigins?: readonly string[];
  /** Default: the machine's. */
  readonly now?: () => Instant;
}

/** Of the options of Messenger. */
interface HasPage {
  readonly pageId?: string;
}

/** The gateway's own stage, and the module that serves HTTP. */
export function gatewayService(
  context: ServiceContext,
  publicUrl: string,
  extras: GatewayExtras = {},
): Service & { readonly module: DynamicModule } {
  const { settings, platform } = context;
  const { channels } = configuredChannels(settings);
  const pageOf = (tenant: string): string | null => {
    const pages = channels
      .filter(({ tenantId }) => tenantId === tenant)
      .map(({ options }) => (options as HasPage).pageId);
    return pages.find((id) => typeof id === 'string') ?? null;
  };
  for (const { id } of channels.filter(({ receive }) => receive !== undefined)) {
    for (const result of counters.webhooks.labels.result) context.metrics.count('webhooks', { channel: id, result }, 0);
  }
  // What callers wait for lies on a connection of its own; that of the state says nothing of it.
  const check = async (): Promise<void> => void (await platform.shortTerm.get('health'));
  context.dependencies.add({ name: 'short-term', check });
  const module = GatewayModule.forRoot({
    log: platform.log,
    state: platform.state,
    barriers: platform.barriers,
    buckets: platform.buckets,
    shortTerm: platform.shortTerm,
    sync: () => platform.sync(),
    digest: keyedDigest(settings.secret),
    credentials: new Credentials(settings.gateway.apiKeys, issuersOf(settings)),
    limits: settings.gateway.rate,
    channels: channels.map(({ id }) => id),
    webhooks: channels.flatMap(({ id, tenantId, receive }) =>
      receive === undefined ? [] : [{ id, tenantId, publicUrl: `${publicUrl}/webhooks/${id}`, receive }],
    ),
    linking: { returnOrigins: extras.returnOrigins ?? [], pageOf },
    killScopes: (tenantId) => [
      'all',
      ...channels
        .filter((channel) => channel.tenantId === tenantId)
        .flatMap(({ id, provider }) => [`channel:${id}`, `provider:${provider.name}`]),
    ],
    publicUrl,
    now: extras.now ?? Date.now,
    ...(extras.controllers === undefined ? {} : { controllers: extras.controllers }),
    ...(extras.providers === undefined ? {} : { providers: extras.providers }),
  });
  return {
    name: 'gateway',
    feeds: [stageFeed({ ...context, pattern: 'directory', stage: directoryStage() })],
    controllers: [DirectoryController],
    module,
  };
}

/** An issuer speaks for the tenants that it names; where there is only one tenant, for that one. */
const issuersOf = ({ gateway, tenants }: Settings): readonly TokenIssuer[] =>
  gateway.issuers.map((issuer) => ({ ...issuer, tenants: issuer.tenants ?? Object.keys(tenants) }));
