import { reaches } from '../bank/people.ts';
import type { Channel, Customer, Reach } from '../bank/people.ts';

/** The legal basis that a bank names by default, for fraud alone. */
const basis: Readonly<Record<string, readonly string[]>> = {
  sms: ['existence', 'amount', 'merchant', 'time', 'last4'],
  email: ['existence', 'time'],
};
const linkScreen = ['existence', 'amount', 'merchant', 'time', 'last4'];

/** What may be told to the customer there for the purpose: what they agreed to, or the legal basis of the bank's policy. */
export function permitted(customer: Customer, channel: Channel, purpose: string): readonly string[] {
  const reach: Reach = reaches[customer.reach];
  const granted = reach.grants
    .filter((grant) => grant.channel === channel && grant.purpose === purpose)
    .flatMap(({ classes }) => classes);
  if (channel === 'messenger' && reach.byLink) return linkScreen;
  if (purpose === 'service-reply')
    return reach.grants.some((grant) => grant.channel === channel) || channel !== 'messenger' ? ['existence'] : [];
  if (purpose !== 'fraud-protection') return granted;
  return [...granted, ...(basis[channel] ?? [])];
}
