import type {
  ContactRecord,
  DeliveryRecord,
  OpenChannel,
  Outcome,
  Recipient,
  RenderedMessage,
  SendContext,
  TenantPolicy,
} from '@tocsin/core';
import { hours } from '@tocsin/core';
import { Breaker } from '../breaker.ts';
import type { Backlog } from '../backlog.ts';
import { deliveryCompanion } from '../executor.ts';
import type { ExecutorLimits, ExecutorOptions } from '../executor-options.ts';
import type { Put } from './partition-world.ts';
import { HandClock, keyed, MemoryBarriers, Owner, settle, SharedLog, start } from './partition-world.ts';

export const delivery = (id: string, changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  type: 'delivery',
  version: 1,
  id,
  alertId: `alert of ${id}`,
  tenantId: 'bank',
  customerId: 'cus-1',
  channel: 'sms',
  lane: 'urgent',
  priority: 0,
  purpose: 'fraud-protection',
  content: {
    kind: 'fraud-check',
    items: [{ amount: { minor: 1250, currency: 'EUR' }, merchant: 'Cafe', last4: '4242' }],
    reasons: [],
    questionId: 'q1',
  },
  expiresAt: start + hours(24),
  ...changes,
});

export const contact = (changes: Partial<ContactRecord> = {}): ContactRecord => {
  const customerId = changes.customerId ?? 'cus-1';
  const allowance = {
    classes: ['existence', 'amount', 'merchant'],
    ground: { kind: 'consent', consentId: 'c-1' },
  } as const;
  return {
    type: 'contact',
    version: 1,
    id: `bank/${customerId}/sms`,
    tenantId: 'bank',
    customerId,
    channel: 'sms',
    sourceOffset: 10,
    address: `+359${customerId}`,
    language: 'en',
    timeZone: 'Europe/Sofia',
    stopped: false,
    privacy: 'shown',
    allowed: { 'fraud-protection': allowance, 'service-reply': allowance },
    ...changes,
  };
};

export const policy: TenantPolicy = {
  id: 'p',
  version: 1,
  bankName: 'Example Bank',
  defaultLanguage: 'en',
  defaultTimeZone: 'UTC',
  channels: { sms: { allowed: true } },
  legalBasis: {},
};

export interface Sent {
  readonly recipient: Recipient;
  readonly message: RenderedMessage;
  readonly context: SendContext;
  answer(outcome: Outcome): void;
}

/** A provider that answers when it is told to, or at once. */
export class HandChannel implements OpenChannel {
  readonly sent: Sent[] = [];
  /** Undefined: answered by hand. */
  answer: ((n: number) => Outcome) | undefined = (n) => ({ kind: 'accepted', ref: `ref-${n}` });
  throws = false;

  send(recipient: Recipient, message: RenderedMessage, context: SendContext): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.sent.push({ recipient, message, context, answer: resolve });
      if (this.throws) reject(new Error('a bug'));
      else if (this.answer !== undefined) resolve(this.answer(this.sent.length));
    });
  }

  get addresses(): readonly string[] {
    return this.sent.map(({ recipient }) => recipient.address);
  }
}

export class World {
  readonly clock = new HandClock();
  readonly log = new SharedLog(this.clock);
  readonly barriers = new MemoryBarriers();
  readonly channel = new HandChannel();
  readonly breaker = new Breaker({ pauseMs: 10_000 });
  readonly counted: string[] = [];
  readonly observed: string[] = [];
  readonly logged: string[] = [];
  /** Tokens that the bucket still has; all of them are granted. */
  tokens = Infinity;
  bucketBroken = false;
  taken: { readonly bucket: string; readonly reserve: number | undefined; readonly burst: number }[] = [];
  policy = policy;

  options(limits: Partial<ExecutorLimits> = {}, changes: Partial<ExecutorOptions> = {}): ExecutorOptions {
    return {
      channel: {
        id: 'sms',
        capabilities: {
          maxLength: 459,
          segmented: true,
          buttons: false,
          receipts: true,
          replies: true,
          window: false,
          perSecond: 100,
          thirdParty: false,
          defaultClasses: ['existence'],
        },
        provider: { name: 'Provider', account: 'A1' },
        tenantId: 'bank',
        open: this.channel,
      },
      lane: 'urgent',
      barriers: this.barriers,
      buckets: {
        take: async (bucket, want, { reserve, burst }) => {
          await Promise.resolve();
          if (this.bucketBroken) throw new Error('The store is away.');
          this.taken.push({ bucket, reserve, burst });
          const granted = Math.min(want, this.tokens);
          this.tokens -= granted;
          return { granted, nextInMs: granted < want ? 100 : 0 };
        },
      },
      breaker: this.breaker,
      policy: () => this.policy,
      keyedDigest: keyed,
      reasonSentence: () => undefined,
      metrics: {
        count: (name, labels) => void this.counted.push([name, ...Object.values(labels)].join(' ')),
        observe: (name, labels, value) => void this.observed.push([name, ...Object.values(labels), value].join(' ')),
      },
      logger: {
        info: (message) => void this.logged.push(message),
        warn: (message) => void this.logged.push(message),
        error: (message) => void this.logged.push(message),
      },
      clock: this.clock,
      // Time stands still here unless it is turned.
      limits: { restMs: 0, ...limits },
      ...changes,
    };
  }

  /** Another process: nothing shared but the log, the stores and the provider. */
  owner(
    token = 'me',
    limits: Partial<ExecutorLimits> = {},
    changes: Partial<ExecutorOptions> = {},
  ): Owner & { drain(): Promise<void>; backlog(): Backlog; again(token: string): Owner } {
    const companion = deliveryCompanion(this.options(limits, changes));
    const acquire = (by: string): Owner => new Owner(by, this.log, companion, { lane: changes.lane ?? 'urgent' });
    return Object.assign(acquire(token), {
      drain: () => companion.drain(),
      backlog: () => companion.backlog(),
      /** The same process acquires the partition once more. */
      again: acquire,
    });
  }

  async put(...records: readonly Put[]): Promise<void> {
    this.log.put(...records);
    await settle();
  }

  /** Time passes, and the log hears of it. */
  async pass(span: number): Promise<void> {
    await this.clock.advance(span);
    await this.put({ type: 'tick' });
  }
}
