import {
  addressDigest,
  contactKey,
  contactOf,
  customerEntries,
  deliverStageName,
  directoryKey,
  heldBy,
  keyOf,
  knownAddress,
  lanes,
  partitionOf,
  splitKey,
  topicNames,
} from '@tocsin/core';
import type {
  ChannelTable,
  ConsentState,
  CustomerSnapshot,
  Digest,
  Instant,
  ProfileState,
  TenantPolicy,
} from '@tocsin/core';
import type { SlotRebuilding } from '@tocsin/engine';
import type { Platform } from '../platform/platform.ts';
import { everyRecord, jsonOf } from './every-record.ts';

export interface KnownCustomers {
  readonly platform: Platform;
  readonly channels: ChannelTable;
  readonly digest: Digest;
  readonly policy: (tenantId: string) => TenantPolicy;
  /** The slots that are rebuilt, by `<stage>/<partition>`. */
  readonly slots: ReadonlyMap<string, SlotRebuilding>;
}

/** Since when a customer has an address. The directory names whoever has it newest first. */
interface Tie {
  readonly customerId: string;
  readonly at: Instant;
}

/**
 * Puts into the slots what the compacted topic `customers` knows: profiles and consents for `alert`, contacts for `deliver`,
 * addresses for `directory`. What the logs say is replayed on top, where a record that is not newer than what stands takes
 * no effect. Returns how many customers are known.
 */
export async function fillWithCustomers(known: KnownCustomers): Promise<number> {
  const { platform, slots } = known;
  const { stage, delivery } = platform.counts;
  const customers = new Set<string>();
  const ties = new Map<string, readonly Tie[]>();
  for await (const record of everyRecord(platform.log, topicNames.customers)) {
    const key = new TextDecoder().decode(record.key ?? new Uint8Array());
    const alert = slots.get(`alert/${partitionOf(key, stage)}`);
    const snapshot = jsonOf<CustomerSnapshot>(record);
    const { tenantId, id: customerId } = splitKey(key);
    const names = customerEntries(tenantId, customerId);
    if (snapshot === undefined) {
      customers.delete(key);
      alert?.delete(names.profile);
      alert?.delete(names.consents);
      for (const slot of deliverySlots(known, key, delivery)) slot.delete(contactKey(key));
    } else {
      customers.add(key);
      const { profile, consents } = snapshot.profile as { profile: ProfileState; consents: ConsentState };
      alert?.put(names.profile, profile);
      alert?.put(names.consents, consents);
      putContacts(known, snapshot, profile, consents);
      putAddresses(known, snapshot, profile, ties);
    }
    for (const slot of slots.values()) if (slot.full) await slot.flush();
  }
  return customers.size;
}

function* deliverySlots({ channels, slots }: KnownCustomers, key: string, count: number): Iterable<SlotRebuilding> {
  for (const channel of Object.keys(channels)) yield* slotsOf(slots, channel, partitionOf(key, count));
}

function* slotsOf(slots: KnownCustomers['slots'], channel: string, partition: number): Iterable<SlotRebuilding> {
  for (const lane of lanes) {
    const slot = slots.get(`${deliverStageName(channel, lane)}/${partition}`);
    if (slot !== undefined) yield slot;
  }
}

function putContacts(
  { platform, channels, policy, slots }: KnownCustomers,
  { tenantId, customerId, sourceOffset }: CustomerSnapshot,
  profile: ProfileState,
  consents: ConsentState,
): void {
  const key = keyOf(tenantId, customerId);
  const parts = { tenantId, customerId, profile, consents, policy: policy(tenantId), settings: { channels } };
  for (const channel of Object.keys(channels)) {
    // Whom nothing was ever told about on a channel has no contact there.
    if (profile.contacts[channel] === undefined) continue;
    const contact = { ...contactOf(parts, channel), sourceOffset };
    for (const slot of slotsOf(slots, channel, partitionOf(key, platform.counts.delivery))) {
      slot.put(contactKey(key), contact);
    }
  }
}

function putAddresses(
  { platform, digest, slots }: KnownCustomers,
  { tenantId, customerId }: CustomerSnapshot,
  profile: ProfileState,
  ties: Map<string, readonly Tie[]>,
): void {
  for (const channel of new Set([...Object.keys(profile.contactPoints), ...Object.keys(profile.links)])) {
    const address = knownAddress(profile, channel);
    if (address === null) continue;
    const digested = addressDigest(digest, tenantId, channel, address);
    const partition = partitionOf(keyOf(tenantId, `${channel}:${digested}`), platform.counts.stage);
    const slot = slots.get(`directory/${partition}`);
    if (slot === undefined) continue;
    const key = directoryKey(tenantId, channel, digested);
    const at = profile.links[channel]?.acceptedAt ?? profile.acceptedAt;
    const others = (ties.get(key) ?? []).filter((tie) => tie.customerId !== customerId);
    const all = [{ customerId, at }, ...others].sort((one, other) => other.at - one.at);
    ties.set(key, all);
    slot.put(key, heldBy(all.map((tie) => tie.customerId)));
  }
}
