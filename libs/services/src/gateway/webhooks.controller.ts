import { Controller, Get, HttpCode, HttpException, HttpStatus, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { TokenBuckets, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import { Metrics } from '@tocsin/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RawRequest } from '../http/body-parsers.ts';
import { rateLimits, takeOrRefuse } from './access.ts';
import type { RateLimits } from './access.ts';
import { BarrierUnavailable, Intake } from './intake.ts';
import { InboundEvents } from './inbound-events.ts';
import { tokenBuckets } from './tokens.ts';

/** A channel whose provider calls us. */
export interface WebhookChannel {
  readonly id: string;
  readonly tenantId: string;
  /** The exact public URL that the provider was told, without query. */
  readonly publicUrl: string;
  receive(request: WebhookRequest): WebhookAnswer;
}

export const webhookChannels = Symbol('webhook channels');

/**
 * Where providers deliver receipts and what customers write. Authenticity is checked by the channel over the raw bytes; what
 * it yields is durable in the log before the provider gets its answer, and processed afterwards.
 */
@ApiExcludeController()
@Controller('webhooks')
export class WebhooksController {
  constructor(
    @Inject(webhookChannels) private readonly channels: readonly WebhookChannel[],
    @Inject(InboundEvents) private readonly inbound: InboundEvents,
    @Inject(tokenBuckets) private readonly buckets: TokenBuckets,
    @Inject(rateLimits) private readonly limits: RateLimits,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Get(':channel')
  verify(@Param('channel') channel: string, @Req() request: RawRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(channel, 'GET', request, reply);
  }

  /** Providers expect 200; without it a POST is answered 201. */
  @Post(':channel')
  @HttpCode(HttpStatus.OK)
  receive(@Param('channel') channel: string, @Req() request: RawRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(channel, 'POST', request, reply);
  }

  async #answer(id: string, method: 'GET' | 'POST', request: RawRequest, reply: FastifyReply): Promise<void> {
    const channel = this.channels.find((known) => known.id === id);
    if (channel === undefined) throw new HttpException('Not found', HttpStatus.NOT_FOUND);
    const query = new URL(request.url, 'http://unused').search;
    const answer = channel.receive({
      method,
      url: channel.publicUrl + query,
      headers: single(request.headers),
      query: Object.fromEntries(new URLSearchParams(query)),
      rawBody: request.rawBody ?? new Uint8Array(),
      receivedAt: this.intake.now(),
    });
    if (answer.kind === 'refused') {
      this.metrics.count('webhooks', { channel: id, result: 'refused' });
      await reply.status(answer.status).send();
      return;
    }
    if (answer.kind === 'challenge') {
      await reply.type('text/plain').send(answer.body);
      return;
    }
    // Counted only now: whoever sends what is not authentic cannot use up the provider's share.
    await takeOrRefuse(this.buckets, `webhook:${id}`, this.limits, reply);
    try {
      await this.inbound.take(channel.tenantId, id, answer.events);
    } catch (error) {
      // Not durable, or a stop not in force: the provider must deliver it again.
      const result = error instanceof BarrierUnavailable ? 'no-barrier' : 'failed';
      this.metrics.count('webhooks', { channel: id, result });
      throw error;
    }
    this.metrics.count('webhooks', { channel: id, result: 'taken' });
    await reply.type(answer.contentType).send(answer.body);
  }
}

const single = (headers: FastifyRequest['headers']): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
