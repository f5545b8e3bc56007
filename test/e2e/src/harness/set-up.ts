import type { FakeGraph } from '@tocsin/simulator';
import type { SetUp } from '../bank-records.ts';
import { reaches } from '../bank/people.ts';
import type { Customer, Reach } from '../bank/people.ts';
import { inParallel } from './bank-api.ts';
import type { BankApi } from './bank-api.ts';

const reachOf = ({ reach }: Customer): Reach => reaches[reach];
const width = 24;

/** What a customer chose of grouping; nothing where they left it as it is. */
const preferences = { off: { waitMs: 0, intervalMs: 0 }, own: { waitMs: 1_500, intervalMs: 4_000 } } as const;

/** Tells the gateway everything about customers and accounts before the first record flows. */
export async function tellTheGateway(api: BankApi, setUp: SetUp): Promise<void> {
  await inParallel(setUp.customers, width, async (customer) => {
    const { order, grants, byLink } = reachOf(customer);
    const points = Object.entries(customer.addresses).filter(([channel]) => !(byLink && channel === 'messenger'));
    await api.put(`customers/${customer.id}/profile`, {
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: Object.fromEntries(points.map(([channel, address]) => [channel, { address, verified: true }])),
      channelOrder: order,
    });
    // What the linking page asks for is agreed to there.
    const given = grants.filter(({ channel }) => !(byLink && channel === 'messenger'));
    const changes = given.flatMap(({ channel, purpose, classes }) =>
      classes.map((dataClass) => ({ channel, purpose, dataClass, action: 'grant' })),
    );
    if (changes.length > 0) await api.post(`customers/${customer.id}/consents`, { changes, source: 'branch' });
    if (customer.grouping !== 'default') {
      await api.put(`customers/${customer.id}/preferences`, {
        grouping: { '*': preferences[customer.grouping] },
        ...(customer.grouping === 'off' ? { coolDownMs: { '*': 0 } } : {}),
      });
    }
  });
  await inParallel(setUp.accounts, width, async ({ id, holders, settings, conditions }) => {
    if (holders !== null) await api.put(`accounts/${id}/holders`, { holders });
    await api.put(`accounts/${id}/settings`, settings);
    for (const [customerId, own] of Object.entries(conditions)) {
      await api.put(`accounts/${id}/holders/${customerId}/conditions`, { conditions: own });
    }
  });
}

/** The way of the linking page: a link from the bank, the consent screen, the way back to Messenger with a code. */
export async function linkMessenger(api: BankApi, graph: FakeGraph, customers: readonly Customer[]): Promise<void> {
  await inParallel(
    customers.filter((customer) => reachOf(customer).byLink),
    4,
    async ({ id, addresses }) => {
      const { url } = (await api.post(`customers/${id}/links`, { purpose: 'messenger-link' })) as { url: string };
      const page = await fetch(url);
      const screen = await page.text();
      if (!page.ok || !screen.includes('Meta'))
        throw new Error(`The consent screen was answered ${page.status}: ${screen.slice(0, 300)}`);
      const agreed = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ amount: 'on', merchant: 'on', time: 'on', last4: 'on' }),
      });
      const code = new URL(agreed.headers.get('location') ?? 'about:blank').searchParams.get('ref');
      if (agreed.status !== 302 || code === null)
        throw new Error(`Agreeing was answered ${agreed.status}, without a code.`);
      const { status } = await graph.deliver([graph.events.opensLink(addresses.messenger!, code)]);
      if (status !== 200) throw new Error(`The linking webhook was answered ${status}.`);
    },
  );
}

/** Who writes to the Page, and so opens the window for free messages. */
export const greeting = (customers: readonly Customer[]): readonly Customer[] =>
  customers.filter((customer) => reachOf(customer).window === 'open');

export async function writeToThePage(graph: FakeGraph, customers: readonly Customer[]): Promise<void> {
  const events = customers.map(({ addresses }) => graph.events.says(addresses.messenger!, 'Hello'));
  for (let i = 0; i < events.length; i += 40) {
    const { status, body } = await graph.deliver(events.slice(i, i + 40));
    if (status !== 200) throw new Error(`A webhook of customers' messages was answered ${status}: ${body}`);
  }
}
