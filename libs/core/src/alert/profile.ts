import type { ChannelId, ConsentChange } from '../consent.ts';
import type { CounterLabels } from '../metrics/counters.ts';
import type { ConsentRecord, ContactPoint, LinkRecord, PreferencesRecord, ProfileRecord } from '../records/customer.ts';
import type { Instant } from '../time.ts';
import { announceContacts, changingAddresses, writeSnapshot } from './contacts.ts';
import { applyConsent, recordConsent } from './consents.ts';
import type { CustomerStep } from './customer-step.ts';
import { allowedByPurpose } from './allowed.ts';

/*
 * What a customer or the bank says about the customer. The same rule everywhere: a record that was accepted before what
 * stands is recorded and takes no effect, so a late retry cannot undo a newer decision. Of two in one millisecond (a provider
 * puts many events into one call) the later one in the log is the newer one; a repetition of the first was dropped by its id.
 */

const maxChannels = 16;

function handled(
  step: CustomerStep,
  kind: CounterLabels<'profile_changes'>['kind'],
  outcome: CounterLabels<'profile_changes'>['outcome'],
  channels: readonly ChannelId[] | 'all',
): void {
  step.context.count('profile_changes', { kind, outcome });
  // Also when nothing took effect: see announceContacts about barriers.
  announceContacts(step, channels);
  if (outcome === 'applied') {
    step.touch('profile');
    writeSnapshot(step);
  }
}

const firstOf = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).slice(0, maxChannels));

export function onProfile(step: CustomerStep, record: ProfileRecord): void {
  const { profile } = step;
  if (!step.once(record.id)) return handled(step, 'profile', 'duplicate', 'all');
  if (record.acceptedAt < profile.acceptedAt) return handled(step, 'profile', 'superseded', 'all');
  changingAddresses(step, () => {
    profile.acceptedAt = record.acceptedAt;
    profile.language = record.language;
    profile.timeZone = record.timeZone;
    profile.contactPoints = firstOf<ContactPoint>(record.contactPoints);
    profile.channelOrder = [...new Set(record.channelOrder)].slice(0, maxChannels);
    // Whoever verified it since the provider refused it knows more.
    for (const [channel, { address, verified }] of Object.entries(profile.contactPoints)) {
      if (verified && profile.invalid[channel] === address) delete profile.invalid[channel];
    }
  });
  handled(step, 'profile', 'applied', 'all');
}

export function onPreferences(step: CustomerStep, record: PreferencesRecord): void {
  const { profile } = step;
  if (!step.once(record.id)) return handled(step, 'preferences', 'duplicate', 'all');
  if (record.acceptedAt < profile.preferences.acceptedAt) return handled(step, 'preferences', 'superseded', 'all');
  profile.preferences = {
    acceptedAt: record.acceptedAt,
    ...(record.grouping === undefined ? {} : { grouping: record.grouping }),
    ...(record.coolDownMs === undefined ? {} : { coolDownMs: record.coolDownMs }),
    ...(record.privacy === undefined ? {} : { privacy: record.privacy }),
  };
  handled(step, 'preferences', 'applied', 'all');
}

export function onLink(step: CustomerStep, record: LinkRecord): void {
  const { profile } = step;
  const { channel, acceptedAt } = record;
  if (!step.once(record.id)) return handled(step, 'link', 'duplicate', [channel]);
  const standing = profile.links[channel];
  const tooMany = !standing && Object.keys(profile.links).length >= maxChannels;
  if (tooMany || (standing && acceptedAt < standing.acceptedAt)) return handled(step, 'link', 'superseded', [channel]);
  // Somebody may untie an address that was replaced meanwhile: that says nothing about the new one.
  if (!record.linked && standing?.address && standing.address !== record.address) {
    return handled(step, 'link', 'superseded', [channel]);
  }
  changingAddresses(step, () => {
    profile.links[channel] = { address: record.linked ? record.address : null, acceptedAt };
    delete profile.windows[channel];
    delete profile.ineligible[channel];
    // Linking proves that the address works.
    if (profile.invalid[channel] === record.address) delete profile.invalid[channel];
  });
  if (!record.linked) {
    // Untying ends what was consented to on that channel; tying again begins anew.
    applyConsent(step.consents, {
      id: record.id,
      channel,
      purpose: '*',
      dataClass: '*',
      action: 'revoke',
      acceptedAt,
      actor: 'customer',
      source: 'unlink',
    });
    step.touch('consents');
  }
  handled(step, 'link', 'applied', [channel]);
}

export function onConsent(step: CustomerStep, record: ConsentRecord): void {
  const concerned = record.changes.some(({ channel }) => channel === '*')
    ? 'all'
    : record.changes.map(({ channel }) => channel);
  if (!step.once(record.id)) return handled(step, 'consent', 'duplicate', concerned);
  let outcome: 'superseded' | 'applied' = 'superseded';
  for (const change of record.changes) {
    // What is taken back on a channel that is not configured now must not stand again when it is.
    if (change.action === 'grant' && change.channel !== '*' && !step.settings.channels[change.channel]) {
      recordConsent(step.consents, change);
      step.context.count('consents', { outcome: 'unknown-channel' });
      continue;
    }
    const result = applyConsent(step.consents, change);
    step.context.count('consents', { outcome: result });
    if (result !== 'applied') continue;
    outcome = 'applied';
    restartBy(step, change);
  }
  step.touch('consents');
  handled(step, 'consent', outcome, concerned);
  // A line that took no effect is a line of the ledger all the same.
  if (outcome !== 'applied') writeSnapshot(step);
}

/** Whoever grants a whole channel by its name after a STOP wants to hear there again; single classes do not say that. */
function restartBy(step: CustomerStep, change: ConsentChange): void {
  const whole = change.channel !== '*' && change.purpose === '*' && change.dataClass === '*';
  if (!whole || change.action !== 'grant') return;
  const stop = step.profile.stops[change.channel];
  if (stop?.stopped && change.acceptedAt > stop.at)
    step.profile.stops[change.channel] = { stopped: false, at: change.acceptedAt };
}

interface Said {
  readonly id: string;
  readonly channel: ChannelId;
  readonly acceptedAt: Instant;
}

const line = (said: Said, action: ConsentChange['action'], dataClass: ConsentChange['dataClass']): ConsentChange => ({
  id: said.id,
  channel: said.channel,
  purpose: '*',
  dataClass,
  action,
  acceptedAt: said.acceptedAt,
  actor: 'customer',
  source: said.channel,
});

/** STOP: the whole channel, every purpose. Consents stay as they are, so that START restores what stood. False when a newer START stands. */
export function stopChannel(step: CustomerStep, said: Said): boolean {
  const standing = step.profile.stops[said.channel];
  recordConsent(step.consents, line(said, 'revoke', '*'));
  step.touch('consents');
  if (standing && said.acceptedAt < standing.at) {
    handled(step, 'stop', 'superseded', [said.channel]);
    writeSnapshot(step);
    return false;
  }
  step.profile.stops[said.channel] = { stopped: true, at: said.acceptedAt };
  handled(step, 'stop', 'applied', [said.channel]);
  return true;
}

/** START: the channel is open again; where nothing at all is allowed on it, the word is a consent to be told that something happened. */
export function startChannel(step: CustomerStep, said: Said): boolean {
  const standing = step.profile.stops[said.channel];
  const capabilities = step.settings.channels[said.channel];
  const superseded = standing !== undefined && said.acceptedAt < standing.at;
  step.touch('consents');
  if (superseded || !capabilities) {
    recordConsent(step.consents, line(said, 'grant', '*'));
    handled(step, 'start', 'superseded', [said.channel]);
    writeSnapshot(step);
    return false;
  }
  step.profile.stops[said.channel] = { stopped: false, at: said.acceptedAt };
  const nothing = Object.keys(allowedByPurpose(step.consents, step.policy, said.channel, capabilities)).length === 0;
  if (nothing) applyConsent(step.consents, line(said, 'grant', 'existence'));
  else recordConsent(step.consents, line(said, 'grant', '*'));
  handled(step, 'start', 'applied', [said.channel]);
  return true;
}
