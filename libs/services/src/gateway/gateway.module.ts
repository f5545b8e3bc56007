import { Module } from '@nestjs/common';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { Barriers, Digest, Instant, Log, ShortTermStore, StateStore, TokenBuckets } from '@tocsin/core';
import { Metrics } from '@tocsin/nest';
import { AccessGuard, rateLimits } from './access.ts';
import type { RateLimits } from './access.ts';
import { AccountsController } from './accounts.controller.ts';
import { AuditTrail } from './audit-trail.ts';
import { CommittedState } from './committed-state.ts';
import { Credentials } from './credentials.ts';
import { CustomerLinks } from './customer-links.ts';
import { CustomerPagesController, linkingOptions } from './customer-pages.controller.ts';
import type { LinkingOptions } from './customer-pages.controller.ts';
import { CustomerReads } from './customer-reads.ts';
import { CustomersController } from './customers.controller.ts';
import { Idempotency } from './idempotency.ts';
import { InboundEvents } from './inbound-events.ts';
import { Intake } from './intake.ts';
import { KillSwitchesController, killScopes } from './kill-switches.controller.ts';
import type { KillScopes } from './kill-switches.controller.ts';
import { barriers, shortTermStore, tokenBuckets } from './tokens.ts';
import { SourcePlaces } from './source-places.ts';
import { TopicPartitions } from './topic-partitions.ts';
import { WebhooksController, webhookChannels } from './webhooks.controller.ts';
import type { WebhookChannel } from './webhooks.controller.ts';

export interface GatewayParts {
  readonly log: Log;
  readonly state: StateStore;
  readonly barriers: Barriers;
  readonly buckets: TokenBuckets;
  readonly shortTerm: ShortTermStore;
  readonly sync?: () => Promise<void>;
  /** Keyed with the installation's secret: makes pseudonyms of addresses. */
  readonly digest: Digest;
  readonly credentials: Credentials;
  readonly limits: RateLimits;
  readonly channels: readonly string[];
  readonly webhooks: readonly WebhookChannel[];
  readonly linking: LinkingOptions;
  readonly killScopes: KillScopes;
  readonly publicUrl: string;
  readonly now: () => Instant;
  /** Further controllers, such as the demonstration's. */
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
}

/** The public edge: bank API, provider webhooks, customers' pages. Everything else is closed. */
@Module({})
export class GatewayModule {
  static forRoot(parts: GatewayParts): DynamicModule {
    const { now, shortTerm, digest } = parts;
    const partitions = new TopicPartitions(parts.log);
    const intake = new Intake({ ...parts, partitions, places: new SourcePlaces(parts.state) });
    const state = new CommittedState(partitions, parts.state, parts.log);
    const links = new CustomerLinks({ store: shortTerm, publicUrl: parts.publicUrl, now });
    const audit = new AuditTrail(intake);
    return {
      module: GatewayModule,
      controllers: [
        CustomersController,
        AccountsController,
        KillSwitchesController,
        WebhooksController,
        CustomerPagesController,
        ...(parts.controllers ?? []),
      ],
      providers: [
        AccessGuard,
        Idempotency,
        { provide: Intake, useValue: intake },
        { provide: AuditTrail, useValue: audit },
        { provide: CommittedState, useValue: state },
        { provide: CustomerReads, useValue: new CustomerReads(state, parts.channels) },
        { provide: CustomerLinks, useValue: links },
        { provide: Credentials, useValue: parts.credentials },
        {
          provide: InboundEvents,
          inject: [Metrics],
          useFactory: (metrics: Metrics) =>
            new InboundEvents({ intake, state, links, audit, shortTerm, digest, metrics }),
        },
        { provide: barriers, useValue: parts.barriers },
        { provide: tokenBuckets, useValue: parts.buckets },
        { provide: shortTermStore, useValue: parts.shortTerm },
        { provide: rateLimits, useValue: parts.limits },
        { provide: webhookChannels, useValue: parts.webhooks },
        { provide: killScopes, useValue: parts.killScopes },
        { provide: linkingOptions, useValue: parts.linking },
        ...(parts.providers ?? []),
      ],
      exports: [Intake],
    };
  }
}
