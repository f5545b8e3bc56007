import type { DataClass, Purpose } from '@tocsin/core';
import type { BankClient } from './bank-client.ts';
import type { DemoHub } from './demo-hub.ts';
import type { DemoWorld } from './demo-settings.ts';
import { DemoActions } from './demo.controller.ts';
import type { SimulatedPhone } from './simulated-phone.ts';

const purposes: readonly Purpose[] = ['fraud-protection', 'security-notice', 'account-alert', 'service-reply'];
const classes: readonly DataClass[] = ['existence', 'amount', 'merchant', 'time', 'last4'];

/** Sets Ana's world up, and does in it what a person asks for on the page or in the terminal. */
export class Actions extends DemoActions {
  readonly #phone: SimulatedPhone;
  readonly #bank: BankClient;
  readonly #hub: DemoHub;
  readonly #demo: DemoWorld;
  #classes: Record<string, boolean> = {};
  #stopped = false;

  constructor(
    phone: SimulatedPhone,
    bank: BankClient,
    hub: DemoHub,
    demo: DemoWorld,
    readonly publish: (lines: readonly string[]) => Promise<void>,
  ) {
    super();
    this.#phone = phone;
    this.#bank = bank;
    this.#hub = hub;
    this.#demo = demo;
  }

  get #path(): string {
    return `/v1/customers/${this.#demo.customerId}`;
  }

  /** The bank tells us of its customer; the customer opens the bank's link, agrees, and Messenger is tied to her. */
  async setUp(): Promise<void> {
    const { accountId, customerId, phone } = this.#demo;
    const known = await this.#bank.get<{
      links?: Record<string, { address: string | null }>;
      stops?: Record<string, { stopped: boolean }>;
    }>(`${this.#path}/profile`);
    await this.#bank.put(`/v1/accounts/${accountId}/holders`, { holders: [{ customerId, role: 'owner' }] });
    await this.#bank.put(`/v1/accounts/${accountId}/settings`, {
      country: 'BG',
      openedOn: '2020-01-31',
      currency: 'EUR',
    });
    await this.#bank.put(`${this.#path}/profile`, {
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: { sms: { address: phone, verified: true } },
      channelOrder: ['messenger', 'sms'],
    });
    if (known?.links?.['messenger']?.address === undefined) {
      const link = (await this.#bank.post(`${this.#path}/links`, { purpose: 'messenger-link' })) as { url: string };
      const answer = await fetch(link.url, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(Object.fromEntries(classes.map((name) => [name, 'on']))),
      });
      const code = new URL(answer.headers.get('location') ?? '').searchParams.get('ref') ?? '';
      await this.#phone.opensLink(code);
      this.#classes = Object.fromEntries(classes.map((name) => [name, true]));
    } else {
      this.#classes = await this.#standing();
      this.#stopped = known.stops?.['messenger']?.stopped ?? false;
    }
    this.#tell();
  }

  async reply(channel: 'messenger' | 'sms', text: string, payload?: string): Promise<void> {
    await this.#phone.write(channel, text, payload);
    const word = text.trim().toUpperCase();
    if (channel === 'messenger' && (word === 'STOP' || word === 'START')) {
      this.#stopped = word === 'STOP';
      this.#tell();
    }
  }

  async consent(dataClass: DataClass, on: boolean): Promise<void> {
    const action = on ? 'grant' : 'revoke';
    await this.#bank.post(`${this.#path}/consents`, {
      source: 'page',
      changes: purposes.map((purpose) => ({ channel: 'messenger', purpose, dataClass, action })),
    });
    this.#classes[dataClass] = on;
    this.#tell();
  }

  async #standing(): Promise<Record<string, boolean>> {
    const consents = await this.#bank.get<{
      standing: { channel: string; purpose: string; dataClass: string; action: string }[];
    }>(`${this.#path}/consents`);
    const granted = (name: string): boolean =>
      consents?.standing.some(
        ({ channel, purpose, dataClass, action }) =>
          channel === 'messenger' && purpose === 'fraud-protection' && dataClass === name && action === 'grant',
      ) ?? false;
    return Object.fromEntries(classes.map((name) => [name, granted(name)]));
  }

  #tell(): void {
    this.#hub.emit({ type: 'consents', classes: { ...this.#classes }, stopped: this.#stopped });
  }
}
