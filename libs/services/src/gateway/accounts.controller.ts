import {
  Body,
  Controller,
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
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { isIsoDate, parseAmount, topicNames } from '@tocsin/core';
import type { AccountRecord, ConditionSetting, Format } from '@tocsin/core';
import { accountEvent, bankAnswer } from '@tocsin/formats';
import type { FastifyRequest } from 'fastify';
import { AccessGuard, CallerOf, Needs } from './access.ts';
import {
  AcceptedAnswer,
  AccountSettingsBody,
  BankAnswerBody,
  ConditionBody,
  ConditionsBody,
  EventBody,
  HoldersBody,
} from './bodies.ts';
import type { Caller } from './credentials.ts';
import { IdParam } from './id-param.ts';
import { Idempotency, recordId } from './idempotency.ts';
import { Intake } from './intake.ts';

/** What the bank tells us about accounts, and its answers to our requests. */
@ApiTags('accounts')
@ApiBearerAuth()
@ApiSecurity('api-key')
@ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', maxLength: 200 } })
@ApiExtraModels(ConditionBody)
@UseGuards(AccessGuard)
@UseInterceptors(Idempotency)
@Controller('v1')
export class AccountsController {
  constructor(@Inject(Intake) private readonly intake: Intake) {}

  @Put('accounts/:accountId/holders')
  @Needs('accounts:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  holders(
    @CallerOf() caller: Caller,
    @IdParam('accountId') accountId: string,
    @Body() { holders }: HoldersBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    return this.#append({ type: 'account-holders', ...this.#base(caller, accountId, request), holders });
  }

  @Put('accounts/:accountId/settings')
  @Needs('accounts:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  settings(
    @CallerOf() caller: Caller,
    @IdParam('accountId') accountId: string,
    @Body() body: AccountSettingsBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    if (body.openedOn !== undefined && !isIsoDate(body.openedOn)) throw invalid('openedOn is not an existing day');
    return this.#append({ type: 'account-settings', ...this.#base(caller, accountId, request), ...body });
  }

  /** What one holder wants to be told about one account. */
  @Put('accounts/:accountId/holders/:customerId/conditions')
  @Needs('accounts:write')
  @ApiOkResponse({ type: AcceptedAnswer })
  conditions(
    @CallerOf() caller: Caller,
    @IdParam('accountId') accountId: string,
    @IdParam('customerId') customerId: string,
    @Body() body: ConditionsBody,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedAnswer> {
    const conditions: Record<string, ConditionSetting> = {};
    for (const [name, { on, amount }] of Object.entries(body.conditions)) {
      const money = amount === undefined ? undefined : parseAmount(amount.value, amount.currency);
      if (typeof money === 'string') throw invalid(`conditions.${name}.amount: ${money}`);
      conditions[name] = money === undefined ? { on } : { on, amount: money };
    }
    return this.#append({ type: 'conditions', ...this.#base(caller, accountId, request), customerId, conditions });
  }

  /** Something that happened on an account and is no transaction; also holders, settings and labels, as on the topic. */
  @Post('events')
  @HttpCode(202)
  @Needs('events:write')
  @ApiBody({ type: EventBody })
  @ApiAcceptedResponse({ type: AcceptedAnswer })
  event(@CallerOf() caller: Caller, @Body() body: object): Promise<AcceptedAnswer> {
    return this.#take(accountEvent, caller, body);
  }

  /** The bank's answer to a request from `bank-requests`. Repeating it has no second effect. */
  @Post('bank-answers')
  @HttpCode(202)
  @Needs('bank-answers:write')
  @ApiBody({ type: BankAnswerBody })
  @ApiAcceptedResponse({ type: AcceptedAnswer })
  bankAnswer(@CallerOf() caller: Caller, @Body() body: object): Promise<AcceptedAnswer> {
    return this.#take(bankAnswer, caller, body);
  }

  /** Takes a body as the same record would be taken from a topic: one contract, the same reasons for a refusal. */
  #take(format: Format, { tenantId }: Caller, body: object | undefined): Promise<AcceptedAnswer> {
    const acceptedAt = this.intake.now();
    // Without a body there is nothing to write as JSON.
    const bytes = Buffer.from(JSON.stringify(body ?? null), 'utf8');
    const { events = [], rejections } = format.decode(bytes, {}, new format.options(), acceptedAt);
    const [input] = events;
    if (input === undefined || rejections.length > 0) {
      throw new HttpException({ statusCode: 400, message: 'The body is refused.', rejections }, HttpStatus.BAD_REQUEST);
    }
    return this.#append(input.type === 'label' ? { ...input, tenantId } : { ...input, tenantId, acceptedAt });
  }

  #base(caller: Caller, accountId: string, request: FastifyRequest) {
    const { tenantId } = caller;
    return { version: 1, id: recordId(caller, request), tenantId, accountId, acceptedAt: this.intake.now() } as const;
  }

  async #append(record: AccountRecord & { readonly id: string; readonly accountId: string }): Promise<AcceptedAnswer> {
    await this.intake.append(topicNames.accountEvents, record.tenantId, record.accountId, record);
    return { id: record.id };
  }
}

const invalid = (message: string): HttpException => new HttpException(message, HttpStatus.BAD_REQUEST);
