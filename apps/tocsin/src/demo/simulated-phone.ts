import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeGraph, FakeTwilio } from '@tocsin/simulator';
import type { DemoHub } from './demo-hub.ts';
import type { DemoWorld } from './demo-settings.ts';

const lookMs = 100;
/** A gateway that has just started may refuse for a second: it does not know yet whose address that is. */
const redeliveryMs = 200;
const patienceMs = 30_000;

/** Ana's phone: shows what the simulated providers delivered to her, and sends what she taps or writes through them. */
export class SimulatedPhone {
  readonly #graph: FakeGraph;
  readonly #sms: FakeTwilio;
  readonly #hub: DemoHub;
  readonly #demo: DemoWorld;
  readonly #smsWebhook: string;
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly graph: FakeGraph;
    readonly sms: FakeTwilio;
    readonly hub: DemoHub;
    readonly demo: DemoWorld;
    readonly url: string;
  }) {
    this.#graph = options.graph;
    this.#sms = options.sms;
    this.#hub = options.hub;
    this.#demo = options.demo;
    this.#smsWebhook = `${options.url}/webhooks/sms`;
  }

  start(): void {
    this.#graph.openWindow(this.#demo.psid);
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async write(channel: 'messenger' | 'sms', text: string, payload?: string): Promise<void> {
    this.#hub.emit({ type: 'reply', channel, text });
    const { psid, phone, sender } = this.#demo;
    if (channel === 'sms') {
      await this.#sms.text(this.#smsWebhook, phone, sender, text);
    } else {
      const { events } = this.#graph;
      await this.#tell(payload === undefined ? events.says(psid, text) : events.taps(psid, payload, text));
    }
  }

  /** She taps the link's button in Messenger, which ties it to her and opens the window for answers. */
  async opensLink(code: string): Promise<void> {
    await this.#tell(this.#graph.events.postback(this.#demo.psid, 'START', 'Get started', code));
  }

  /** As Messenger does: an event that is not taken is delivered again. */
  async #tell(event: object): Promise<void> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const { status, body } = await this.#graph.deliver([event]);
      if (status === 200) return;
      if (Date.now() > until) throw new Error(`The gateway does not take what Messenger tells it: ${status} ${body}`);
      await sleep(redeliveryMs);
    }
  }

  #look(): void {
    for (const { id, text, key } of this.#graph.visible(this.#demo.psid)) {
      this.#show(`messenger:${id}`, {
        channel: 'messenger',
        text,
        key,
        replies: key === undefined ? [] : this.#quickReplies(key),
      });
    }
    for (const { id, text, key } of this.#sms.visible(this.#demo.phone))
      this.#show(`sms:${id}`, { channel: 'sms', text, key, replies: [] });
  }

  #show(
    id: string,
    message: {
      readonly channel: string;
      readonly text: string;
      readonly key: string | undefined;
      readonly replies: readonly { title: string; payload: string }[];
    },
  ): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#hub.emit({ type: 'message', ...message, key: message.key ?? id, from: 'Demo Bank', at: Date.now() });
  }

  /** The payloads stand in the request that carried the message, as a real phone would get them. */
  #quickReplies(key: string): readonly { title: string; payload: string }[] {
    for (const { body } of this.#graph.received()) {
      if (!body.includes(key)) continue;
      const { message } = JSON.parse(body) as {
        message?: { metadata?: string; quick_replies?: { title: string; payload: string }[] };
      };
      if (message?.metadata === key) return message.quick_replies ?? [];
    }
    return [];
  }
}
