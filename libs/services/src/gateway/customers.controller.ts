import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, HttpException, HttpStatus, Inject, Param, Post, Put, Req, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AccessGuard, CallerOf, Needs } from './access.ts';
import { AuditTrail } from './audit-trail.ts';
import { AcceptedAnswer, ConsentBody, LinkBody, PreferencesBody, ProfileBody } from './bodies.ts';
import type { Caller } from './credentials.ts';
import { Idempotency, recordId } from './idempotency.ts';
import { BarrierUnavailable, Intake } from './intake.ts';
import { CustomerLinks } from './customer-links.ts';
import { CustomerReads } from './customer-reads.ts';

/** What the bank tells us about its customers, and what it may ask. */
@ApiTags('customers')
@ApiBearerAuth()
@ApiSecurity('api-key')
@UseGuards(AccessGuard)
@UseInterceptors(Idempotency)
@Controller('v1/customers/:customerId')
export class CustomersController {
  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(CustomerReads) private readonly reads: CustomerReads,
    @Inject(CustomerLinks) private readonly links: CustomerLinks,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  @Get('profile')
  @Needs('customers:read')
  async profile(@CallerOf() caller: Caller, @Param('customerId') customerId: string): Promise<object> {
    return found(await this.reads.profile(caller.tenantId, customerId));
  }

  @Put('profile')
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async putProfile(
    @CallerOf() caller: Caller,
    @Param('customerId') customerId: string,
    @Body() body: ProfileBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const id = recordId(caller, request, randomUUID);
    await this.intake.customer({ type: 'profile', version: 1, id, acceptedAt: this.intake.now(), ...of(caller, customerId), ...body });
    return { id };
  }

  @Get('consents')
  @Needs('customers:read')
  async consents(@CallerOf() caller: Caller, @Param('customerId') customerId: string): Promise<object> {
    return found(await this.reads.consents(caller.tenantId, customerId));
  }

  /** In force when this answers: no message that it forbids leaves afterwards. */
  @Post('consents')
  @HttpCode(200)
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async consent(
    @CallerOf() caller: Caller,
    @Param('customerId') customerId: string,
    @Body() body: ConsentBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const id = recordId(caller, request, randomUUID);
    const acceptedAt = this.intake.now();
    const { actor = 'customer', source = 'api' } = body;
    const changes = body.changes.map((change, index) => ({ id: `${id}/${index}`, acceptedAt, actor, source, ...change }));
    try {
      await this.intake.consent({ type: 'consent', version: 1, id, acceptedAt, ...of(caller, customerId), changes });
    } catch (error) {
      if (error instanceof BarrierUnavailable) throw new HttpException(error.message, HttpStatus.SERVICE_UNAVAILABLE);
      throw error;
    }
    return { id };
  }

  @Put('preferences')
  @Needs('customers:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  async preferences(
    @CallerOf() caller: Caller,
    @Param('customerId') customerId: string,
    @Body() body: PreferencesBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const id = recordId(caller, request, randomUUID);
    await this.intake.customer({ type: 'preferences', version: 1, id, acceptedAt: this.intake.now(), ...of(caller, customerId), ...body });
    return { id };
  }

  /** The last alerts, newest first: what was told, on which channel, what became of it. */
  @Get('alerts')
  @Needs('alerts:read')
  alerts(@CallerOf() caller: Caller, @Param('customerId') customerId: string): Promise<readonly object[]> {
    return this.reads.alerts(caller.tenantId, customerId);
  }

  /** Who received what: the last disclosures, newest first. The topic `ledger` has them all. */
  @Get('disclosures')
  @Needs('disclosures:read')
  disclosures(@CallerOf() caller: Caller, @Param('customerId') customerId: string): Promise<readonly object[]> {
    return this.reads.disclosures(caller.tenantId, customerId);
  }

  /** A link for the customer to open: works once, for ten minutes, for this customer and purpose alone. */
  @Post('links')
  @HttpCode(200)
  @Needs('links:write')
  async link(@CallerOf() caller: Caller, @Param('customerId') customerId: string, @Body() body: LinkBody): Promise<object> {
    const link = await this.links.make({ tenantId: caller.tenantId, customerId, purpose: body.purpose });
    await this.audit.write({ tenantId: caller.tenantId, actor: caller.actor, action: `link ${body.purpose}`, result: 'done' });
    return link;
  }
}

const of = (caller: Caller, customerId: string) => ({ tenantId: caller.tenantId, customerId });

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new HttpException('Not found', HttpStatus.NOT_FOUND);
  return value;
}
