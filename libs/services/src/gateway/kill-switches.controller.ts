import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpException,
  HttpStatus,
  Inject,
  Post,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { cleanText } from '@tocsin/core';
import type { Barriers, KillSwitch } from '@tocsin/core';
import { AccessGuard, CallerOf, Needs } from './access.ts';
import { AuditTrail } from './audit-trail.ts';
import { KillSwitchAnswer, KillSwitchBody } from './bodies.ts';
import type { Caller } from './credentials.ts';
import { Idempotency } from './idempotency.ts';
import { Intake } from './intake.ts';
import { barriers } from './tokens.ts';

/** `all`, `channel:<id>` and `provider:<name>` of what a tenant has. */
export type KillScopes = (tenantId: string) => readonly string[];
export const killScopes = Symbol('kill scopes');

/** How a bank stops sending at once. */
@ApiTags('kill switches')
@ApiBearerAuth()
@ApiSecurity('api-key')
@ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', maxLength: 200 } })
@UseGuards(AccessGuard)
@UseInterceptors(Idempotency)
@Controller('v1/kill-switches')
export class KillSwitchesController {
  constructor(
    @Inject(barriers) private readonly switches: Barriers,
    @Inject(killScopes) private readonly scopes: KillScopes,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Intake) private readonly intake: Intake,
  ) {}

  /** All that were ever used, with who, why and when. */
  @Get()
  @Needs('kill-switch')
  list(@CallerOf() { tenantId }: Caller): Promise<readonly KillSwitch[]> {
    return this.switches.killSwitches(tenantId);
  }

  /** Stops a channel, a provider or everything, on every instance before this answers. */
  @Post()
  @HttpCode(200)
  @Needs('kill-switch')
  @ApiOkResponse({ type: KillSwitchAnswer })
  async turn(@CallerOf() caller: Caller, @Body() body: KillSwitchBody): Promise<KillSwitchAnswer> {
    const { scope, on } = body;
    const { tenantId, actor } = caller;
    const why = cleanText(body.why).text;
    // A misspelt name would stop nothing, and say that it did.
    const known = this.scopes(tenantId);
    if (on && !known.includes(scope)) {
      throw new HttpException(`scope: there is only ${known.join(', ')}.`, HttpStatus.BAD_REQUEST);
    }
    await this.switches.switchKill({ tenantId, scope, on, by: actor, why, at: this.intake.now() });
    await this.audit.write({
      tenantId,
      actor,
      action: `kill-switch ${scope} ${on ? 'on' : 'off'}`,
      result: 'done',
      why,
    });
    return { scope, on };
  }
}
