import type { ChannelCapabilities } from '../channel.ts';
import { dataClasses, purposes } from '../consent.ts';
import type { ChannelId, DataClass, Purpose } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { Allowance, ContactRecord } from '../records/delivery.ts';
import { ChannelConsents, plainClasses } from './consents.ts';
import type { ConsentState } from './state.ts';

/** A customer may widen a channel of the bank's own up to these; balance, payee and device need the bank to name them too. */
const widest: readonly DataClass[] = [...plainClasses, 'place', 'order', 'shipment', 'case', 'name'];

/** The most that the bank lets the channel disclose, where its policy names nothing: the channel's own default on third-party messengers. */
function ceiling(policy: TenantPolicy, channel: ChannelId, capabilities: ChannelCapabilities): readonly DataClass[] {
  const named = policy.channels[channel]?.maxClasses;
  if (named) return named;
  return capabilities.thirdParty
    ? capabilities.defaultClasses
    : [...new Set([...capabilities.defaultClasses, ...widest])];
}

/** What the decisions about one channel have in common. */
interface Question {
  readonly consents: ChannelConsents;
  readonly policy: TenantPolicy;
  readonly channel: ChannelId;
  readonly capabilities: ChannelCapabilities;
  readonly most: readonly DataClass[];
}

function decide({ consents, policy, channel, capabilities, most }: Question, purpose: Purpose): Allowance | undefined {
  const { thirdParty, defaultClasses } = capabilities;
  const basis = policy.legalBasis[purpose];
  const lawful = basis !== undefined && !thirdParty && basis.channels.includes(channel);
  // A revocation counts against a legal basis too: what was taken back is told on another channel, or by a person.
  const classes = dataClasses.filter((dataClass) => {
    if (!most.includes(dataClass)) return false;
    const consent = consents.deciding(purpose, dataClass);
    return consent
      ? consent.action === 'grant'
      : lawful && (dataClass === 'existence' || defaultClasses.includes(dataClass));
  });
  if (!classes.includes('existence')) return undefined;
  const consent = consents.deciding(purpose, 'existence');
  if (consent) {
    const byBasis = classes.filter((dataClass) => consents.deciding(purpose, dataClass) === undefined);
    const ground = { kind: 'consent', consentId: consent.consentId } as const;
    return { classes, ground, ...(byBasis.length === 0 ? {} : { byBasis }) };
  }
  return basis && { classes, ground: { kind: 'legal-basis', basis: basis.basis } };
}

function answer(question: Question, purpose: Purpose): Allowance | undefined {
  const direct = decide(question, purpose);
  if (direct || purpose !== 'service-reply') return direct;
  // Taken back by name, it is not lent from another purpose.
  if (question.consents.deciding(purpose, 'existence')?.action === 'revoke') return undefined;
  for (const other of purposes) {
    const lender = other === purpose ? undefined : decide(question, other);
    if (lender) return { classes: ['existence'], ground: lender.ground };
  }
  return undefined;
}

/** Undefined where the bank does not use the channel at all. */
function questionOf(
  consents: ConsentState,
  policy: TenantPolicy,
  channel: ChannelId,
  capabilities: ChannelCapabilities,
): Question | undefined {
  if (policy.channels[channel]?.allowed !== true) return undefined;
  const most = ceiling(policy, channel, capabilities);
  const own = new ChannelConsents(consents, channel, capabilities.thirdParty);
  return { consents: own, policy, channel, capabilities, most };
}

/**
 * The one decision about disclosure: channel × purpose → data classes and ground, or undefined when the channel must not
 * be used for that purpose at all (`existence` itself is not allowed).
 *
 * - Third-party messengers need a consent that names the channel, always; other channels need consent, or the legal basis
 *   that the tenant's policy names for the purpose, which then covers the channel's default classes.
 * - Each class must be granted; a grant of `*` covers only the plain ones. The policy's `maxClasses` cuts whatever is wider.
 * - Whoever may be told anything on a channel may also be answered there when they write (`service-reply`), by `existence` alone.
 *
 * The ground is that of `existence`: the one on which the message is sent at all.
 */
export function allowed(
  consents: ConsentState,
  policy: TenantPolicy,
  channel: ChannelId,
  capabilities: ChannelCapabilities,
  purpose: Purpose,
): Allowance | undefined {
  const question = questionOf(consents, policy, channel, capabilities);
  return question && answer(question, purpose);
}

/** For every purpose, as the contact record carries it to `deliver`. */
export function allowedByPurpose(
  consents: ConsentState,
  policy: TenantPolicy,
  channel: ChannelId,
  capabilities: ChannelCapabilities,
): ContactRecord['allowed'] {
  const question = questionOf(consents, policy, channel, capabilities);
  if (question === undefined) return {};
  const rows = purposes.flatMap((purpose) => {
    const allowance = answer(question, purpose);
    return allowance ? [[purpose, allowance] as const] : [];
  });
  return Object.fromEntries(rows);
}
