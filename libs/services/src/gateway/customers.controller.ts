import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpException,
  HttpStatus,
  Inject,
  Post,
  Put,
  Req,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiParam,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { maskPan } from '@tocsin/core';
import type { FastifyRequest } from 'fastify';
import { AccessGuard, CallerOf, Needs } from './access.ts';
import { AuditTrail } from './audit-trail.ts';
import {
  AcceptedAnswer,
  ConsentBody,
  ContactPointBody,
  GroupingBody,
  LinkAnswer,
  LinkBody,
  PreferencesBody,
  ProfileBody,
} from './bodies.ts';
import type { Caller } from './credentials.ts';
import { CustomerLinks } from './customer-links.ts';
import { linkingOptions, noMessenger } from './customer-pages.controller.ts';
import type { LinkingOptions } from './customer-pages.controller.ts';
import { CustomerReads } from './customer-reads.ts';
import { IdParam } from './id-param.ts';
import { Idempotency, recordId } from './idempotency.ts';
import { Intake } from './intake.ts';

/** What the bank tells us about its customers, and what it may ask. */
@ApiTags('customers')
@ApiBearerAuth()
@ApiSecurity('api-key')
@ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', maxLength: 200 } })
@ApiParam({ name: 'customerId', type: 'string' })
@ApiExtraModels(ContactPointBody, GroupingBody)
@UseGuards(AccessGuard)
@UseInterceptors(Idempotency)
@Controller('v1/customers/:customerId')
export class CustomersController {
  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(CustomerReads) private readonly reads: CustomerReads,
    @Inject(CustomerLinks) private readonly links: CustomerLinks,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(linkingOptions) private readonly linking: LinkingOptions,
  ) {}

  /** Who the customer is to us, as of the last second. */
  @Get('profile')
  @Needs('customers:read')
  async profile(@CallerOf() caller: Caller, @IdParam('customerId') customerId: string): Promise<object> {
    return found(await this.reads.profile(caller.tenantId, customerId));
  }

  @Put('profile')
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async putProfile(
    @CallerOf() caller: Caller,
    @IdParam('customerId') customerId: string,
    @Body() body: ProfileBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const base = this.#base(caller, customerId, request);
    await this.intake.customer({ type: 'profile', ...base, ...body });
    return { id: base.id };
  }

  /** What stands, cell by cell, and the newest lines of the ledger behind it. */
  @Get('consents')
  @Needs('customers:read')
  async consents(@CallerOf() caller: Caller, @IdParam('customerId') customerId: string): Promise<object> {
    return found(await this.reads.consents(caller.tenantId, customerId));
  }

  /** In force when this answers: no message that it forbids leaves afterwards. */
  @Post('consents')
  @HttpCode(200)
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async consent(
    @CallerOf() caller: Caller,
    @IdParam('customerId') customerId: string,
    @Body() body: ConsentBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const base = this.#base(caller, customerId, request);
    const { actor = 'customer', source = 'api' } = body;
    const changes = body.changes.map(({ evidence, ...change }, index) => ({
      id: `${base.id}/${index}`,
      acceptedAt: base.acceptedAt,
      actor,
      source,
      ...change,
      ...(evidence === undefined ? {} : { evidence: maskPan(evidence).text }),
    }));
    await this.intake.consent({ type: 'consent', ...base, changes });
    return { id: base.id };
  }

  @Put('preferences')
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async preferences(
    @CallerOf() caller: Caller,
    @IdParam('customerId') customerId: string,
    @Body() body: PreferencesBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const base = this.#base(caller, customerId, request);
    await this.intake.customer({ type: 'preferences', ...base, ...body });
    return { id: base.id };
  }

  /** The last alerts, newest first: what was told, on which channel, what became of it. */
  @Get('alerts')
  @Needs('alerts:read')
  alerts(@CallerOf() caller: Caller, @IdParam('customerId') customerId: string): Promise<readonly object[]> {
    return this.reads.alerts(caller.tenantId, customerId);
  }

  /** Who received what: the last disclosures, newest first. The topic `ledger` has them all. */
  @Get('disclosures')
  @Needs('disclosures:read')
  disclosures(@CallerOf() caller: Caller, @IdParam('customerId') customerId: string): Promise<readonly object[]> {
    return this.reads.disclosures(caller.tenantId, customerId);
  }

  /** A link for the customer to open: works once, for ten minutes, for this customer and purpose alone. */
  @Post('links')
  @HttpCode(200)
  @Needs('links:write')
  @ApiOkResponse({ type: LinkAnswer })
  async link(
    @CallerOf() caller: Caller,
    @IdParam('customerId') customerId: string,
    @Body() body: LinkBody,
  ): Promise<LinkAnswer> {
    const { tenantId, actor } = caller;
    if (this.linking.pageOf(tenantId) === null) throw noMessenger();
    const link = await this.links.make({ tenantId, customerId, purpose: body.purpose });
    await this.audit.write({ tenantId, actor, action: `link ${body.purpose}`, result: 'done' });
    return link;
  }

  #base(caller: Caller, customerId: string, request: FastifyRequest) {
    return {
      version: 1,
      id: recordId(caller, request),
      acceptedAt: this.intake.now(),
      tenantId: caller.tenantId,
      customerId,
    } as const;
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new HttpException('Not found', HttpStatus.NOT_FOUND);
  return value;
}
