import { createHash, randomUUID } from 'node:crypto';
import { HttpException, HttpStatus, Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { days, minutes } from '@tocsin/core';
import type { ShortTermStore } from '@tocsin/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, mergeMap, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Caller } from './credentials.ts';
import { shortTermStore } from './tokens.ts';

/**
 * How long an answer is kept: longer than the stages remember the ids that they applied. A key that is used again must be
 * answered as the repetition that it is, as long as its effect would be dropped as one.
 */
const keptMs = days(8);
/** A first request that has not ended by then is given up. */
const runningMs = minutes(1);

interface Kept {
  /** Hash of method, path and body: the same key for another request is a mistake. */
  readonly request: string;
  /** Absent while the first request is still running. */
  readonly body?: unknown;
}

const fingerprintOf = ({ method, url, body }: FastifyRequest): string =>
  createHash('sha256')
    .update(`${method} ${url}\n${JSON.stringify(body ?? null)}`)
    .digest('hex');

/**
 * `Idempotency-Key`: a write that is repeated under the same key within eight days gets the first answer and has no
 * second effect. The same key with another body gets 422; while the first one runs, 409. A request that failed frees its key.
 */
@Injectable()
export class Idempotency implements NestInterceptor {
  constructor(@Inject(shortTermStore) private readonly store: ShortTermStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { caller?: Caller }>();
    const key = request.headers['idempotency-key'];
    const { caller } = request;
    if (request.method === 'GET' || typeof key !== 'string' || caller === undefined) return next.handle();
    if (key.length < 1 || key.length > 200) {
      throw new HttpException('Idempotency-Key must have 1 to 200 characters.', HttpStatus.BAD_REQUEST);
    }
    const place = `idempotency:${caller.tenantId}:${caller.actor}:${key}`;
    const fingerprint = fingerprintOf(request);
    const standing = await this.store.putNew(place, JSON.stringify({ request: fingerprint } satisfies Kept), runningMs);
    if (standing !== null) return this.#repeat(JSON.parse(standing) as Kept, fingerprint, http.getResponse());
    return next.handle().pipe(
      mergeMap((body: unknown) => {
        const kept: Kept = { request: fingerprint, body: body ?? null };
        return from(this.store.put(place, JSON.stringify(kept), keptMs).then(() => body));
      }),
      catchError((error: unknown) => from(this.#free(place)).pipe(mergeMap(() => throwError(() => error)))),
    );
  }

  /** A key that cannot be freed now frees itself; what matters to the caller is why the request failed. */
  async #free(place: string): Promise<void> {
    await this.store.take(place).catch(() => null);
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

/**
 * The id under which a request's effect is recorded: from the caller's key where given, so that a repetition has no second
 * effect even where the answer was lost or forgotten. The request itself is part of it: a key that is used anew later,
 * for something else, is something else.
 */
export function recordId(caller: Caller, request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string'
    ? `${caller.actor}/${key}/${fingerprintOf(request).slice(0, 16)}`
    : `${caller.actor}/${randomUUID()}`;
}
