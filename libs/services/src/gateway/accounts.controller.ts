import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, HttpException, HttpStatus, Inject, Param, Post, Put, Req, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { accountOfRequest, parseAmount, topicNames } from '@tocsin/core';
import type { AccountRecord, Barriers, ConditionSetting } from '@tocsin/core';
import type { FastifyRequest } from 'fastify';
import { AccessGuard, CallerOf, Needs } from './access.ts';
import { AuditTrail } from './audit-trail.ts';
import { AcceptedAnswer, AccountSettingsBody, BankAnswerBody, ConditionsBody, EventBody, HoldersBody, KillSwitchBody } from './bodies.ts';
import type { Caller } from './credentials.ts';
import { Idempotency, recordId } from './idempotency.ts';
import { Intake } from './intake.ts';
import { barriers } from './tokens.ts';

/** What the bank tells us about accounts, and its answers to our requests. */
@ApiTags('accounts')
@ApiBearerAuth()
@ApiSecurity('api-key')
@UseGuards(AccessGuard)
@UseInterceptors(Idempotency)
@Controller('v1')
export class AccountsController {
  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(barriers) private readonly killSwitches: Barriers,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  @Put('accounts/:accountId/holders')
  @Needs('accounts:write')
  holders(@CallerOf() caller: Caller, @Param('accountId') accountId: string, @Body() body: HoldersBody, @Req() request: FastifyRequest): Promise<AcceptedAnswer> {
    return this.#append({ type: 'account-holders', version: 1, ...this.#base(caller, request), accountId, holders: body.holders });
  }

  @Put('accounts/:accountId/settings')
  @Needs('accounts:write')
  settings(@CallerOf() caller: Caller, @Param('accountId') accountId: string, @Body() body: AccountSettingsBody, @Req() request: FastifyRequest): Promise<AcceptedAnswer> {
    return this.#append({ type: 'account-settings', version: 1, ...this.#base(caller, request), accountId, ...body });
  }

  /** What one holder wants to be told about one account. */
  @Put('accounts/:accountId/holders/:customerId/conditions')
  @Needs('accounts:write')
  conditions(
    @CallerOf() caller: Caller,
    @Param('accountId') accountId: string,
    @Param('customerId') customerId: string,
    @Body() body: ConditionsBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const conditions: Record<string, ConditionSetting> = {};
    for (const [name, { on, amount }] of Object.entries(body.conditions)) {
      if (amount === undefined) {
        conditions[name] = { on };
        continue;
      }
      const money = parseAmount(amount.value, amount.currency);
      if (typeof money === 'string') throw new HttpException(`conditions.${name}.amount: ${money}`, HttpStatus.BAD_REQUEST);
      conditions[name] = { on, amount: money };
    }
    return this.#append({ type: 'conditions', version: 1, ...this.#base(caller, request), accountId, customerId, conditions });
  }

  @Post('events')
  @HttpCode(202)
  @Needs('events:write')
  event(@CallerOf() caller: Caller, @Body() body: EventBody): Promise<AcceptedAnswer> {
    const { id, type, accountId, customerId, occurredAt, data } = body;
    return this.#append({
      type: 'account-event',
      version: 1,
      id,
      tenantId: caller.tenantId,
      kind: type,
      accountId,
      ...(customerId === undefined ? {} : { customerId }),
      occurredAt: Date.parse(occurredAt),
      acceptedAt: this.intake.now(),
      data,
    });
  }

  /** The bank's answer to a request from `bank-requests`. Repeating it has no second effect. */
  @Post('bank-answers')
  @HttpCode(202)
  @Needs('bank-answers:write')
  bankAnswer(@CallerOf() caller: Caller, @Body() body: BankAnswerBody): Promise<AcceptedAnswer> {
    const accountId = accountOfRequest(body.requestId);
    if (accountId === undefined) throw new HttpException('requestId: not an id of a request of ours', HttpStatus.BAD_REQUEST);
    return this.#append({
      type: 'bank-answer',
      version: 1,
      id: `${body.requestId}/${body.answer}`,
      tenantId: caller.tenantId,
      accountId,
      requestId: body.requestId,
      answer: body.answer,
      ...(body.why === undefined ? {} : { why: body.why }),
      acceptedAt: this.intake.now(),
    });
  }

  /** Stops a channel, a provider or everything, on every instance before this answers. */
  @Post('kill-switches')
  @HttpCode(200)
  @Needs('kill-switch')
  async kill(@CallerOf() caller: Caller, @Body() body: KillSwitchBody): Promise<{ readonly scope: string; readonly on: boolean }> {
    const { scope, on, why } = body;
    await this.killSwitches.switchKill({ tenantId: caller.tenantId, scope, on, by: caller.actor, why, at: this.intake.now() });
    await this.audit.write({ tenantId: caller.tenantId, actor: caller.actor, action: `kill-switch ${scope} ${on ? 'on' : 'off'}`, result: 'done', why });
    return { scope, on };
  }

  #base(caller: Caller, request: FastifyRequest): { id: string; tenantId: string; acceptedAt: number } {
    return { id: recordId(caller, request, randomUUID), tenantId: caller.tenantId, acceptedAt: this.intake.now() };
  }

  async #append(record: AccountRecord & { readonly id: string; readonly accountId: string }): Promise<AcceptedAnswer> {
    await this.intake.append(topicNames.accountEvents, record.tenantId, record.accountId, record);
    return { id: record.id };
  }
}
