import { HttpException, HttpStatus, Inject, Injectable, SetMetadata, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TokenBuckets } from '@tocsin/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditTrail } from './audit-trail.ts';
import { Credentials } from './credentials.ts';
import type { Caller } from './credentials.ts';
import type { Scope } from './scopes.ts';
import { tokenBuckets } from './tokens.ts';

const scopeKey = 'tocsin:scope';

/** The scope that a handler demands. A handler without one is closed. */
export const Needs = (scope: Scope) => SetMetadata(scopeKey, scope);

interface Known {
  caller?: Caller;
}

export const CallerOf = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest & Known>();
  if (caller === undefined) throw new HttpException('Not authenticated', HttpStatus.UNAUTHORIZED);
  return caller;
});

/** Calls per second and key of the bank API, and per provider webhook. */
export interface RateLimits {
  readonly perSecond: number;
  readonly burst: number;
}

export const rateLimits = Symbol('rate limits');

/** Takes one token of a shared bucket, or answers 429 with the time to wait. */
export async function takeOrRefuse(
  buckets: TokenBuckets,
  bucket: string,
  limits: RateLimits,
  reply: FastifyReply,
): Promise<void> {
  const { granted, nextInMs } = await buckets.take(bucket, 1, limits);
  if (granted === 1) return;
  void reply.header('retry-after', String(Math.max(1, Math.ceil(nextInMs / 1_000))));
  throw new HttpException('Too many requests: wait as Retry-After says.', HttpStatus.TOO_MANY_REQUESTS);
}

/**
 * Everything of the bank API is closed unless a credential proves a tenant and carries the scope. A caller may name its own
 * tenant (header `Tocsin-Tenant` or `tenantId` in the body); one who names another gets 404, as if it did not exist, and an
 * audit row.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Credentials) private readonly credentials: Credentials,
    @Inject(tokenBuckets) private readonly buckets: TokenBuckets,
    @Inject(rateLimits) private readonly limits: RateLimits,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.get<Scope | undefined>(scopeKey, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & Known>();
    const reply = http.getResponse<FastifyReply>();
    const caller = await this.credentials.prove(request.headers);
    if (caller === null) {
      void reply.header('www-authenticate', 'Bearer');
      throw new HttpException('Send an API key in X-Api-Key, or a bearer token.', HttpStatus.UNAUTHORIZED);
    }
    await takeOrRefuse(this.buckets, `api:${caller.tenantId}:${caller.actor}`, this.limits, reply);
    if (namesAnother(request, caller.tenantId)) {
      await this.audit.write({
        tenantId: caller.tenantId,
        actor: caller.actor,
        action: `${request.method} ${request.routeOptions.url ?? ''}`,
        result: 'refused',
        why: 'another tenant was named',
      });
      throw new HttpException('Not found', HttpStatus.NOT_FOUND);
    }
    if (scope === undefined || !caller.scopes.includes(scope)) {
      throw new HttpException(`The credential lacks the scope ${scope ?? '(closed)'}.`, HttpStatus.FORBIDDEN);
    }
    request.caller = caller;
    return true;
  }
}

/** What it says of its own tenant has then served its purpose: bodies have no such field. */
function namesAnother({ headers, body }: FastifyRequest, tenantId: string): boolean {
  const header = headers['tocsin-tenant'];
  if (header !== undefined && header !== tenantId) return true;
  if (typeof body !== 'object' || body === null || !('tenantId' in body)) return false;
  if (body.tenantId !== tenantId) return true;
  delete body.tenantId;
  return false;
}
