import { createHash } from 'node:crypto';
import { HttpException, HttpStatus, Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { ShortTermStore } from '@tocsin/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, mergeMap, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Caller } from './credentials.ts';
import { shortTermStore } from './tokens.ts';

const dayMs = 86_400_000;

interface Kept {
  /** Hash of method, path and body: the same key for another request is a mistake. */
  readonly request: string;
  /** Absent while the first request is still running. */
  readonly body?: unknown;
}

/**
 * `Idempotency-Key`: a POST that is repeated under the same key within a day gets the first answer and has no second
 * effect. The same key with another body gets 422; while the first one runs, 409. A request that failed frees its key.
 */
@Injectable()
export class Idempotency implements NestInterceptor {
  constructor(@Inject(shortTermStore) private readonly store: ShortTermStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { caller?: Caller }>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || typeof key !== 'string' || request.caller === undefined) return next.handle();
    if (key.length < 1 || key.length > 200) {
      throw new HttpException('Idempotency-Key must have 1 to 200 characters.', HttpStatus.BAD_REQUEST);
    }
    const place = `idempotency:${request.caller.tenantId}:${request.caller.actor}:${key}`;
    const fingerprint = createHash('sha256')
      .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
      .digest('hex');
    const standing = await this.store.putNew(place, JSON.stringify({ request: fingerprint } satisfies Kept), 60_000);
    if (standing !== null) return this.#repeat(JSON.parse(standing) as Kept, fingerprint, http.getResponse());
    return next.handle().pipe(
      mergeMap((body: unknown) => {
        const kept: Kept = { request: fingerprint, body: body ?? null };
        return from(this.store.put(place, JSON.stringify(kept), dayMs).then(() => body));
      }),
      catchError((error: unknown) =>
        from(this.store.take(place)).pipe(mergeMap(() => throwError(() => error))),
      ),
    );
  }

  #repeat(kept: Kept, fingerprint: string, reply: FastifyReply): Observable<unknown> {
    if (kept.request !== fingerprint) {
      throw new HttpException('This Idempotency-Key was used for another request.', HttpStatus.UNPROCESSABLE_ENTITY);
    }
    if (!('body' in kept)) {
      throw new HttpException('The first request with this Idempotency-Key is still running.', HttpStatus.CONFLICT);
    }
    void reply.header('idempotency-replayed', 'true');
    return of(kept.body);
  }
}

/** The id under which a request's effect is recorded: the caller's key where given, so that even a late repetition has no second effect. */
export function recordId(caller: Caller, request: FastifyRequest, fresh: () => string): string {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? `${caller.actor}/${key}` : `${caller.actor}/${fresh()}`;
}
