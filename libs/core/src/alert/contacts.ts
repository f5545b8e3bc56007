import type { ChannelId, Purpose } from '../consent.ts';
import { keyOf } from '../partition.ts';
import type { Digest } from '../ports/digest.ts';
import type { ContactRecord } from '../records/delivery.ts';
import { lanes } from '../records/delivery.ts';
import type { AddressRecord, CustomerSnapshot } from '../records/outside.ts';
import { deliveryTopic, topicNames } from '../topics.ts';
import { allowed, allowedByPurpose } from './allowed.ts';
import { canonicalAddress } from './canonical-address.ts';
import type { CustomerStep } from './customer-step.ts';
import { sourcePlace } from './source-place.ts';
import type { ProfileState } from './state.ts';

/** How an address stands in the directory: a digest, so that the topic names nobody. Lower-case hexadecimal. */
export const addressDigest = (digest: Digest, tenantId: string, channel: ChannelId, address: string): string =>
  digest(`${tenantId}|${channel}|${canonicalAddress(channel, address)}`);

/** The address that may be used on a channel now: linked, or verified in the profile, and not known to be bad. */
export function usableAddress(profile: ProfileState, channel: ChannelId): string | null {
  const address = knownAddress(profile, channel);
  return address === null || profile.invalid[channel] === address ? null : address;
}

/** The same, bad or not: a person may still write from an address that we cannot reach. */
export function knownAddress(profile: ProfileState, channel: ChannelId): string | null {
  const linked = profile.links[channel]?.address;
  if (linked) return linked;
  const point = profile.contactPoints[channel];
  return point?.verified ? point.address : null;
}

/** Everybody else is an unknown customer: their findings are work for staff. */
export const isKnown = (profile: ProfileState): boolean =>
  profile.acceptedAt > 0 || Object.values(profile.links).some(({ address }) => address !== null);

export type Reach = 'eligible' | 'not-allowed' | 'no-address' | 'bad-address' | 'stopped' | 'no-consent' | 'refused';

/** May the channel be chosen for this purpose now? `deliver` asks again at the moment of sending. */
export function reach(step: CustomerStep, channel: ChannelId, purpose: Purpose, evenIfStopped = false): Reach {
  const capabilities = step.settings.channels[channel];
  if (!capabilities || step.policy.channels[channel]?.allowed !== true) return 'not-allowed';
  const { profile } = step;
  if (usableAddress(profile, channel) === null)
    return knownAddress(profile, channel) === null ? 'no-address' : 'bad-address';
  if (profile.stops[channel]?.stopped && !evenIfStopped) return 'stopped';
  if (!allowed(step.consents, step.policy, channel, capabilities, purpose)) return 'no-consent';
  if ((profile.ineligible[channel] ?? 0) > step.at) return 'refused';
  return 'eligible';
}

/** The customer's order, then what else can be reached, in the order of the table. */
export function channelOrder(step: CustomerStep, prefer?: ChannelId): readonly ChannelId[] {
  const order = [...step.profile.channelOrder, ...Object.keys(step.settings.channels)];
  const all = prefer === undefined ? order : [prefer, ...order];
  return [...new Set(all)].filter((channel) => step.settings.channels[channel] !== undefined);
}

/** What a contact is made of. */
export interface ContactParts extends Pick<
  CustomerStep,
  'tenantId' | 'customerId' | 'profile' | 'consents' | 'policy'
> {
  readonly settings: Pick<CustomerStep['settings'], 'channels'>;
}

/** How the customer can be reached on a channel, as `deliver` is told. */
export function contactOf(step: ContactParts, channel: ChannelId): Omit<ContactRecord, 'sourceOffset'> {
  const { profile, policy, settings } = step;
  const { preferences } = profile;
  const capabilities = settings.channels[channel]!;
  const windowExpiresAt = profile.windows[channel];
  // A channel that by itself says only that something happened is read on lock screens: hidden unless the customer says otherwise.
  const lockScreen = capabilities.defaultClasses.length === 1;
  return {
    type: 'contact',
    version: 1,
    id: `${step.tenantId}/${step.customerId}/${channel}`,
    tenantId: step.tenantId,
    customerId: step.customerId,
    channel,
    address: usableAddress(profile, channel),
    ...(windowExpiresAt === undefined ? {} : { windowExpiresAt }),
    language: profile.language || policy.defaultLanguage,
    timeZone: profile.timeZone || policy.defaultTimeZone,
    stopped: profile.stops[channel]?.stopped ?? false,
    privacy: preferences.privacy?.[channel] ?? preferences.privacy?.['*'] ?? (lockScreen ? 'hidden' : 'shown'),
    allowed: allowedByPurpose(step.consents, policy, channel, capabilities),
  };
}

function writeContact(step: CustomerStep, channel: ChannelId, always: boolean): void {
  const contact = contactOf(step, channel);
  const print = step.settings.digest(JSON.stringify(contact)).slice(0, 16);
  const same = step.profile.contacts[channel] === print;
  if (same && !(always && step.firstContact(channel))) return;
  step.firstContact(channel);
  step.profile.contacts[channel] = print;
  step.touch('profile');
  for (const lane of lanes) {
    step.context.emit({
      topic: deliveryTopic(channel, lane),
      key: step.key,
      value: { ...contact, sourceOffset: sourcePlace(step.context.entries, step.context.offset) },
    });
  }
}

/**
 * Tells both lanes of these channels how the customer can be reached now. Written also when nothing changed: the gateway
 * has raised a barrier with the offset of this very record, and only a contact of at least that offset answers it.
 */
export function announceContacts(step: CustomerStep, channels: readonly ChannelId[] | 'all'): void {
  for (const channel of Object.keys(step.settings.channels)) {
    if (channels !== 'all' && !channels.includes(channel)) continue;
    const { profile } = step;
    const ever = profile.contacts[channel] !== undefined || knownAddress(profile, channel) !== null;
    if (ever || profile.stops[channel]) writeContact(step, channel, true);
  }
}

/** Before a delivery: `deliver` must already have the contact on which the choice of this channel rests (a policy may have changed it). */
export const ensureContact = (step: CustomerStep, channel: ChannelId): void => writeContact(step, channel, false);

/** The latest profile and consents, from which empty entries `p:` and `c:` can be rebuilt. */
export function writeSnapshot(step: CustomerStep): void {
  const value: CustomerSnapshot = {
    type: 'customer',
    version: 1,
    tenantId: step.tenantId,
    customerId: step.customerId,
    sourceOffset: sourcePlace(step.context.entries, step.context.offset),
    profile: { profile: step.profile, consents: step.consents },
  };
  step.context.emit({ topic: topicNames.customers, key: step.key, value });
}

function announceAddress(step: CustomerStep, channel: ChannelId, address: string, holder: boolean): void {
  const value: AddressRecord = {
    type: 'address',
    version: 1,
    tenantId: step.tenantId,
    channel,
    addressDigest: addressDigest(step.settings.digest, step.tenantId, channel, address),
    customerId: holder ? step.customerId : null,
    ...(holder ? {} : { formerly: step.customerId }),
  };
  step.context.emit({
    topic: topicNames.addresses,
    key: keyOf(step.tenantId, `${channel}:${value.addressDigest}`),
    value,
  });
}

/** Runs a change of the profile and tells the directory which addresses it tied and untied. */
export function changingAddresses(step: CustomerStep, change: () => void): void {
  const channels = () => new Set([...Object.keys(step.profile.contactPoints), ...Object.keys(step.profile.links)]);
  const addresses = () => new Map([...channels()].map((channel) => [channel, knownAddress(step.profile, channel)]));
  const before = addresses();
  change();
  const after = addresses();
  for (const channel of new Set([...before.keys(), ...after.keys()])) {
    if ((before.get(channel) ?? null) === (after.get(channel) ?? null)) continue;
    // It was the former address that the provider refused.
    delete step.profile.ineligible[channel];
    step.profile.addressSince ??= {};
    if (after.get(channel)) step.profile.addressSince[channel] = sourcePlace(step.context.entries, step.context.offset);
    else delete step.profile.addressSince[channel];
  }
  for (const [channel, old] of before) {
    if (old !== null && after.get(channel) !== old) announceAddress(step, channel, old, false);
  }
  for (const [channel, address] of after) {
    if (address !== null && before.get(channel) !== address) announceAddress(step, channel, address, true);
  }
}
