import type { ConsentChange, DataClass, Purpose } from '../../consent.ts';
import type { FindingRecord, ReceiptRecord, ReplyRecord } from '../../records/customer.ts';
import type { DeliveryRecord } from '../../records/delivery.ts';
import type { Transaction } from '../../transaction.ts';
import { AlertPartition } from './alert-partition.ts';
import { finding, rule } from './findings.ts';
import { accountId, customerId, tenantId } from './places.ts';

export { channels, testDigest } from './alert-partition.ts';
export { finding, rule } from './findings.ts';
export { accountId, clock, customerId, start, tenantId } from './places.ts';

/** What happens in the world, as records. */
export class AlertWorld extends AlertPartition {
  customer(given: { order?: readonly string[]; addresses?: Readonly<Record<string, string>>; id?: string } = {}): this {
    const addresses = given.addresses ?? { sms: '+359880000001', email: 'a@example.org', push: 'token-1' };
    return this.record({
      type: 'profile',
      version: 1,
      id: this.nextId('profile'),
      tenantId,
      customerId: given.id ?? customerId,
      acceptedAt: this.now,
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: Object.fromEntries(
        Object.entries(addresses).map(([channel, address]) => [channel, { address, verified: true }]),
      ),
      channelOrder: given.order ?? ['sms', 'email'],
    });
  }

  link(linked = true, address = 'psid-1'): this {
    return this.record({
      type: 'link',
      version: 1,
      id: this.nextId('link'),
      tenantId,
      customerId,
      acceptedAt: this.now,
      channel: 'messenger',
      address,
      linked,
    });
  }

  consent(
    action: ConsentChange['action'],
    channel: string,
    purpose: Purpose | '*',
    classes: readonly (DataClass | '*')[] = ['*'],
    acceptedAt = this.now,
    customer = customerId,
  ): this {
    const id = this.nextId('consent');
    return this.record({
      type: 'consent',
      version: 1,
      id,
      tenantId,
      customerId: customer,
      acceptedAt,
      changes: classes.map((dataClass) => ({
        id: `${id}-${dataClass}`,
        channel,
        purpose,
        dataClass,
        action,
        acceptedAt,
        actor: 'customer',
        source: 'page',
      })),
    });
  }

  says(text: string, given: Partial<ReplyRecord> = {}): this {
    const channel = given.channel ?? 'sms';
    return this.record({
      type: 'reply',
      version: 1,
      id: this.nextId(`${channel}:m`),
      tenantId,
      customerId,
      channel,
      address: channel === 'messenger' ? 'psid-1' : '+359880000001',
      text,
      at: this.now,
      acceptedAt: this.now,
      opensWindow: channel === 'messenger',
      ...given,
    });
  }

  taps(payload: string, given: Partial<ReplyRecord> = {}): this {
    return this.says('', { payload, ...given });
  }

  /** `deliver` reports; the delivery is the newest unless named. */
  reports(state: ReceiptRecord['state'], given: Partial<ReceiptRecord> = {}): this {
    const delivery = this.deliveries.findLast(({ id }) => given.deliveryId === undefined || id === given.deliveryId)!;
    return this.record({
      type: 'receipt',
      version: 1,
      id: this.nextId('receipt'),
      tenantId,
      customerId: delivery.customerId,
      channel: delivery.channel,
      deliveryId: delivery.id,
      alertId: delivery.alertId,
      ...(state === 'accepted' ? { ref: `ref-${delivery.id}` } : {}),
      state,
      at: this.now,
      ...given,
    });
  }

  /** The provider says what became of it, by its own message id. */
  receipt(delivery: DeliveryRecord, state: ReceiptRecord['state']): this {
    return this.record({
      type: 'receipt',
      version: 1,
      id: this.nextId('dlr'),
      tenantId,
      customerId: delivery.customerId,
      channel: delivery.channel,
      ref: `ref-${delivery.id}`,
      state,
      at: this.now,
    });
  }

  finds(given: Partial<FindingRecord> & { tx?: Partial<Transaction> } = {}): this {
    return this.record(finding(this.now, this.nextId('t'), given));
  }

  /** A transfer from which a customer is asked: no card is concerned. */
  suspectsTransfer(): this {
    const { card: _card, merchant: _merchant, ...transfer } = finding(this.now, this.nextId('t')).transaction;
    const transaction: Transaction = { ...transfer, channel: 'transfer', counterparty: { name: 'A. Payee' } };
    const fired = [rule({ rule: 'new-payee-large', family: 'payee' })];
    return this.record({ ...finding(this.now, transaction.id, { score: 0.8, fired }), transaction });
  }

  /** A finding from which a customer is asked. */
  suspects(tx: Partial<Transaction> = {}, given: Partial<FindingRecord> = {}): this {
    return this.finds({ score: 0.8, fired: [rule({ score: 0.8 })], tx, ...given });
  }

  purchase(tx: Partial<Transaction> = {}, conditions: readonly string[] = ['purchase-over']): this {
    return this.finds({ conditions: conditions.map((condition) => ({ condition, evidence: {} })), tx });
  }

  bankSays(answer: 'accepted' | 'refused', requestId = this.requests.at(-1)!.requestId, customer = customerId): this {
    return this.record({
      type: 'bank-answer',
      version: 1,
      id: this.nextId('answer'),
      tenantId,
      accountId,
      customerId: customer,
      requestId,
      answer,
    });
  }
}
