import { directoryStage } from '@tocsin/core';
import type { Barriers, Log } from '@tocsin/core';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest } from '../platform/digests.ts';
import type { Service, ServiceContext } from '../service.ts';
import { stageFeed } from '../stage-feed.ts';
import { Credentials } from './credentials.ts';
import { DirectoryController } from './directory.controller.ts';
import { GatewayModule } from './gateway.module.ts';

/** Meta's hosts, to which account linking may return. */
const metaHosts = ['facebook.com', 'messenger.com'];

export interface GatewayExtras {
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Further hosts to which account linking may return (a simulated Meta). */
  readonly returnHosts?: readonly string[];
}

/** The gateway's own stage, and the module that serves HTTP. */
export function gatewayService(context: ServiceContext, publicUrl: string, extras: GatewayExtras = {}): Service & { readonly module: DynamicModule } {
  const { settings, platform } = context;
  const { channels } = configuredChannels(settings);
  const pageId = channels.map(({ options }) => (options as { pageId?: unknown }).pageId).find((id) => typeof id === 'string') ?? null;
  const log: Log = platform.log;
  const barriers: Barriers = platform.barriers;
  const module = GatewayModule.forRoot({
    log,
    state: platform.state,
    barriers,
    buckets: platform.buckets,
    shortTerm: platform.shortTerm,
    sync: () => platform.sync(),
    digest: keyedDigest(settings.secret),
    credentials: new Credentials(settings.gateway.apiKeys, settings.gateway.issuers),
    limits: settings.gateway.rate,
    channels: channels.map(({ id }) => id),
    webhooks: channels.flatMap(({ id, tenantId, receive }) =>
      receive === undefined ? [] : [{ id, tenantId, publicUrl: `${publicUrl}/webhooks/${id}`, receive }],
    ),
    linking: { returnHosts: [...metaHosts, ...(extras.returnHosts ?? [])], pageId },
    publicUrl,
    now: Date.now,
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
