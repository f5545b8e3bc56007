import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import type { DemoEvent } from './demo-hub.ts';

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

type Of<Type extends DemoEvent['type']> = Extract<DemoEvent, { type: Type }>;

/** Everything the demonstration told so far, and a way to wait for what is still to come. */
class Watch {
  readonly seen: DemoEvent[] = [];

  constructor(demo: Demo) {
    demo.hub.events.subscribe((event) => this.seen.push(event));
  }

  all<Type extends DemoEvent['type']>(type: Type): Of<Type>[] {
    return this.seen.filter((event): event is Of<Type> => event.type === type);
  }

  async next<Type extends DemoEvent['type']>(
    type: Type,
    matches: (event: Of<Type>) => boolean = () => true,
    from = 0,
  ): Promise<Of<Type>> {
    const limit = Date.now() + 30_000;
    for (;;) {
      const found = this.seen
        .slice(from)
        .find((event): event is Of<Type> => event.type === type && matches(event as Of<Type>));
      if (found !== undefined) return found;
      if (Date.now() > limit)
        throw new Error(
          `No ${type} came. Seen: ${JSON.stringify(this.seen.filter((event) => event.type !== 'transaction').slice(-20))}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-demo-'));
const lines: string[] = [];
let port = 0;
const open = () =>
  startDemo({
    folder,
    host: '127.0.0.1',
    port,
    everyMs: 200,
    firstFraudMs: 500,
    // Long enough that each is over, on a busy machine too, before the next one comes: else that joins its question.
    fraudEveryMs: 9_000,
    say: (line) => lines.push(line),
  });

const isQuestion = ({ text }: { text: string }) => text.includes('Did you pay');

describe('the demonstration', () => {
  let demo: Demo;
  let watch: Watch;

  beforeAll(async () => {
    port = await freePort();
    demo = await open();
    watch = new Watch(demo);
  });

  afterAll(async () => {
    await demo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows payments, then a fraud alert with its evidence as a Messenger message with two answers', async () => {
    const message = await watch.next('message', isQuestion);
    expect(message.channel).toBe('messenger');
    expect(message.replies.map(({ title }) => title)).toEqual(['Yes, it was me', 'No, not me']);
    const finding = await watch.next('finding');
    expect(finding.score).toBeGreaterThanOrEqual(0.5);
    expect(finding.evidence.length).toBeGreaterThan(0);
    expect(watch.all('transaction').length).toBeGreaterThan(0);
  });

  it('says beside the message what left, to whom, for what, on which consent', async () => {
    const message = await watch.next('message', isQuestion);
    const disclosure = await watch.next('disclosure', ({ key }) => key === message.key);
    expect(disclosure.fields).toEqual(expect.arrayContaining(['kind', 'amount', 'merchant']));
    expect(disclosure.purpose).toBe('fraud-protection');
    expect(disclosure.ground).toBe('the customer’s consent');
  });

  it('asks the bank to freeze the card on NO, once, and tells the customer when the bank has confirmed', async () => {
    const message = await watch.next('message', isQuestion);
    const no = message.replies.find(({ payload }) => payload.endsWith(':N'));
    await demo.actions.reply('messenger', 'No, not me', no?.payload);
    const request = await watch.next('request');
    await watch.next('answer', ({ requestId }) => requestId === request.requestId);
    await watch.next('message', ({ text }) => text.includes('is frozen'));
    const requests = watch.all('request').filter(({ requestId }) => requestId === request.requestId);
    expect(requests).toHaveLength(1);
  });

  it('leaves out of the next message what the customer withdrew', async () => {
    await demo.actions.consent('merchant', false);
    const from = watch.seen.length;
    const message = await watch.next('message', isAlert, from);
    const disclosure = await watch.next('disclosure', ({ key }) => key === message.key);
    expect(disclosure.fields.some((field) => field.includes('merchant'))).toBe(false);
    expect(message.text).not.toMatch(/Boutique|Electro/);
  });

  it('moves the next alert to SMS after STOP', async () => {
    await demo.actions.reply('messenger', 'STOP');
    await watch.next('message', ({ text }) => text.includes('no more'));
    const from = watch.seen.length;
    const message = await watch.next('message', isAlert, from);
    expect(message.channel).toBe('sms');
  });

  it('continues where it stopped: nothing is told twice, and the STOP still holds', async () => {
    const answered = watch.seen.length;
    await demo.actions.reply('sms', 'NO');
    await watch.next('message', ({ channel, text }) => channel === 'sms' && text.includes('is frozen'), answered);
    await demo.close();
    const before = watch.seen.length;
    demo = await open();
    watch = new Watch(demo);
    expect(before).toBeGreaterThan(0);
    const message = await watch.next('message', isAlert);
    expect(message.channel).toBe('sms');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(watch.all('message').filter(({ channel }) => channel === 'messenger')).toEqual([]);
  });
});

/** A fraud alert in any of its forms: with the amount, or down to the bare fact. */
const isAlert = ({ text }: { text: string }) =>
  /Did you pay|payment needs your attention|Was this you|Reply YES/.test(text);
