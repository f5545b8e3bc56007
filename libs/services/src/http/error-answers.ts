import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { LogError } from '@tocsin/core';
import type { CounterLabels } from '@tocsin/core';
import type { Logger, Metrics } from '@tocsin/nest';
import { RedisError } from '@tocsin/redis';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { page, pagePolicy, text } from '../gateway/page.ts';

type AwayCode = CounterLabels<'http_away'>['code'];

/** What log and store say of themselves; undefined for any other error. */
const codeOf = (error: unknown): AwayCode | undefined =>
  error instanceof LogError || error instanceof RedisError ? error.code : undefined;

/** Something that an answer needs is away for now; the message is told to the caller. */
export class Away extends Error {
  /** What it is, as it is counted. */
  readonly code: AwayCode;

  /** Without a code, it is that of the cause. */
  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code?: AwayCode } = {}) {
    super(message, options);
    this.name = 'Away';
    this.code = code ?? codeOf(options.cause) ?? 'UNAVAILABLE';
  }
}

interface Answer {
  readonly status: number;
  readonly body: { readonly statusCode: number; readonly message: unknown };
}

const answer = (status: number, message: unknown): Answer => ({ status, body: { statusCode: status, message } });

const retryAfterSeconds = 1;

/**
 * Every error as an answer. What is away (log, store, an issuer's keys) is 503 with Retry-After; what nobody expected is 500,
 * and logged by its name and place alone, because a message may quote what a customer sent. On customers' pages it is a page.
 */
@Catch()
export class ErrorAnswers implements ExceptionFilter {
  readonly #logger: Logger;
  readonly #metrics: Metrics;

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { status, body } = this.#answerTo(error, request);
    if (reply.sent) return;
    if (status === 503) void reply.header('retry-after', String(retryAfterSeconds));
    if (request.url.startsWith('/c/')) {
      const title = status < 500 ? 'This does not work' : 'Please try again';
      void reply
        .status(status)
        .header('content-security-policy', pagePolicy([]))
        .type('text/html; charset=utf-8')
        .send(page(title, `<p>${text(sentence(body.message))}</p>`));
      return;
    }
    void reply.status(status).send(body);
  }

  #answerTo(error: unknown, request: FastifyRequest): Answer {
    if (error instanceof HttpException) {
      const response = error.getResponse();
      if (typeof response === 'string') return answer(error.getStatus(), response);
      return { status: error.getStatus(), body: response as Answer['body'] };
    }
    const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
    if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
      return answer(status, error.message);
    }
    const route = request.routeOptions.url ?? 'none';
    const code = error instanceof Away ? error.code : codeOf(error);
    if (code !== undefined) {
      this.#metrics.count('http_away', { code });
      const message = error instanceof Away ? error.message : 'Something that this needs is away for now: try again.';
      return answer(503, message);
    }
    const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: undefined };
    const place = stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
    this.#logger.error('a request failed', { route, error: name, place: place?.trim() });
    return answer(500, 'Internal server error');
  }
}

const sentence = (message: unknown): string => (Array.isArray(message) ? message.join('; ') : String(message));
