import { purposes } from '../consent.ts';
import type { Purpose } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { Allowance, ContactRecord } from '../records/delivery.ts';

type Contact = Pick<ContactRecord, 'channel' | 'allowed'>;

/** What is left of an allowance without a legal basis that the policy does not name, or no longer. */
function carried({ channel, allowed }: Contact, policy: TenantPolicy, purpose: Purpose): Allowance | undefined {
  const allowance = allowed[purpose];
  const basis = policy.legalBasis[purpose];
  const named = basis?.channels.includes(channel) === true;
  if (allowance?.ground.kind === 'legal-basis')
    return named ? { ...allowance, ground: { kind: 'legal-basis', basis: basis.basis } } : undefined;
  if (allowance?.byBasis === undefined || named) return allowance;
  const { classes, byBasis, ground } = allowance;
  return { classes: classes.filter((name) => !byBasis.includes(name)), ground };
}

/**
 * What the contact allows for a purpose, on the legal bases that the policy names now: it may have changed since the contact
 * was written, and its activation writes none anew. An answer to the customer (`service-reply`) may rest on any purpose for
 * which something may be told, as in `allowed`.
 */
export function allowanceNow(contact: Contact, policy: TenantPolicy, purpose: Purpose): Allowance | undefined {
  const own = carried(contact, policy, purpose);
  if (own !== undefined || purpose !== 'service-reply' || contact.allowed[purpose] === undefined) return own;
  for (const other of purposes) {
    const lender = other === purpose ? undefined : carried(contact, policy, other);
    if (lender?.classes.includes('existence')) return { classes: ['existence'], ground: lender.ground };
  }
  return undefined;
}
