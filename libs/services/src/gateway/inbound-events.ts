import { addressDigest, directoryKey, holdersOfAddress, hours, maskPan, readReply, topicNames } from '@tocsin/core';
import type {
  CounterLabels,
  ChannelEvent,
  ChannelId,
  CustomerRecord,
  Digest,
  DirectoryEntry,
  ReplyRecord,
  ShortTermStore,
} from '@tocsin/core';
import type { Metrics } from '@tocsin/nest';
import { Away } from '../http/error-answers.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CommittedState } from './committed-state.ts';
import type { CustomerLinks, Bound } from './customer-links.ts';
import type { Intake, Raise } from './intake.ts';

type MessageEvent = Extract<ChannelEvent, { kind: 'message' }>;
type LinkedEvent = Extract<ChannelEvent, { kind: 'linked' }>;
type AddressedRecord = CustomerRecord & { readonly customerId: string };

/** Until the directory has learned of a new link, this says whose the address is. */
const freshLinkMs = hours(1);
/** The longest text that is kept of what somebody wrote; every channel's own limit is below it. */
const longestText = 4_000;

export interface InboundEventsOptions {
  readonly intake: Intake;
  readonly state: CommittedState;
  readonly links: CustomerLinks;
  readonly audit: AuditTrail;
  readonly shortTerm: ShortTermStore;
  /** Keyed with the installation's secret: makes pseudonyms of addresses. */
  readonly digest: Digest;
  readonly metrics: Metrics;
}

/** Nobody can say whose an address is: the provider must deliver it again. */
export class DirectoryAway extends Away {
  constructor() {
    const message =
      'The directory of addresses is not there or far behind: nobody can say whose this address is. Deliver it again.';
    super(message, { code: 'DIRECTORY_AWAY' });
    this.name = 'DirectoryAway';
  }
}

interface UsedCode {
  readonly code: string;
  readonly bound: Bound;
}

/** Turns what a provider reported into records of the customers it concerns. */
export class InboundEvents {
  readonly #options: InboundEventsOptions;

  constructor(options: InboundEventsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all of it is durable, and every stop and untying in force. The records go into one append in the order of
   * the events, which is the customer's; whose they are is looked up before, all at once. An address that is nobody's is only
   * counted.
   * @throws DirectoryAway where that cannot be said
   */
  async take(tenantId: string, channel: ChannelId, events: readonly ChannelEvent[]): Promise<void> {
    const { intake, links } = this.#options;
    const owners = await this.#ownersOf(tenantId, channel, events);
    const used: UsedCode[] = [];
    const records: { readonly record: AddressedRecord; readonly raises?: readonly Raise[] }[] = [];
    const results: CounterLabels<'inbound'>['result'][] = [];
    try {
      for (const event of events) {
        if (event.kind === 'linked') {
          const bound = await this.#useCode(tenantId, channel, event);
          results.push(bound === null ? 'link-code-unknown' : 'linked');
          if (bound === null) continue;
          used.push({ code: event.code, bound });
          const before = owners.get(event.address) ?? [];
          owners.set(event.address, [bound.customerId, ...before.filter((one) => one !== bound.customerId)]);
          records.push(this.#recordOf(tenantId, channel, bound.customerId, event));
          continue;
        }
        const [customerId, ...others] = owners.get(event.address) ?? [];
        results.push(customerId === undefined ? 'unknown-address' : event.kind);
        if (customerId === undefined) continue;
        records.push(this.#recordOf(tenantId, channel, customerId, event));
        for (const other of others) records.push(this.#recordOf(tenantId, channel, other, event, true));
      }
      await intake.customers(records);
    } catch (error) {
      // The provider will deliver this again, and must find the codes.
      await Promise.all(used.map(({ code, bound }) => links.giveBack(code, bound))).catch(() => undefined);
      throw error;
    }
    await this.#remember(tenantId, channel, events, used);
    for (const result of results) this.#options.metrics.count('inbound', { channel, result });
  }

  /** `shared`: for whoever else has the address than the one who was tied to it last. */
  #recordOf(
    tenantId: string,
    channel: ChannelId,
    customerId: string,
    event: ChannelEvent,
    shared = false,
  ): { readonly record: AddressedRecord; readonly raises?: readonly Raise[] } {
    const acceptedAt = this.#options.intake.now();
    const base = { version: 1, id: `${channel}:${event.id}`, tenantId, customerId, channel } as const;
    switch (event.kind) {
      case 'linked':
      case 'unlinked': {
        const { address, kind } = event;
        return {
          record: { ...base, type: 'link', acceptedAt, address, linked: kind === 'linked' },
          // Untying takes back what was consented to there, unless another address is tied by now: only `alert` can say.
          ...(kind === 'unlinked' ? { raises: [{ channel, verdict: 'wait' }] } : {}),
        };
      }
      case 'receipt': {
        const { state, at, ref, key, watermarkAt, code } = event;
        return {
          record: {
            ...base,
            type: 'receipt',
            state,
            at,
            ...(ref === undefined ? {} : { ref }),
            ...(key === undefined ? {} : { key }),
            ...(watermarkAt === undefined ? {} : { watermarkAt }),
            ...(code === undefined ? {} : { code }),
          },
        };
      }
      case 'message': {
        const sharing = shared ? { shared } : {};
        const record: ReplyRecord = { ...base, type: 'reply', acceptedAt, ...contentOf(event), ...sharing };
        return { record, raises: raisedBy(record) };
      }
    }
  }

  async #useCode(tenantId: string, channel: ChannelId, event: LinkedEvent): Promise<Bound | null> {
    const bound = await this.#options.links.use(event.code, 'messenger-code');
    if (bound === null || bound.tenantId === tenantId) return bound;
    await this.#options.audit.write({
      tenantId,
      actor: `webhook:${channel}`,
      action: 'link with a code of another tenant',
      result: 'refused',
    });
    return null;
  }

  async #ownersOf(
    tenantId: string,
    channel: ChannelId,
    events: readonly ChannelEvent[],
  ): Promise<Map<string, readonly string[]>> {
    const addresses = new Set(events.map(({ address }) => address));
    return new Map(
      await Promise.all(
        [...addresses].map(async (address) => [address, await this.#holdersOf(tenantId, channel, address)] as const),
      ),
    );
  }

  /** Whose address it is, whoever was tied to it last first. */
  async #holdersOf(tenantId: string, channel: ChannelId, address: string): Promise<readonly string[]> {
    const { state, shortTerm } = this.#options;
    const digest = addressDigest(this.#options.digest, tenantId, channel, address);
    const fresh = await shortTerm.get(freshLink(tenantId, channel, digest));
    const place = ['directory', topicNames.addresses, tenantId, `${channel}:${digest}`] as const;
    const [entry] = await state.read<DirectoryEntry>(...place, [directoryKey(tenantId, channel, digest)]);
    // A NO or a STOP must not pass for a stranger’s: the store may have been emptied, or the directory stands still.
    const unknown = entry === undefined && fresh === null;
    if (unknown && !(await state.isKept(...place, this.#options.intake.now()))) throw new DirectoryAway();
    const known = entry === undefined ? [] : holdersOfAddress(entry);
    return fresh === null ? known : [fresh, ...known.filter((one) => one !== fresh)];
  }

  /** The directory learns of a link a second or two later, and a STOP may come sooner. */
  async #remember(
    tenantId: string,
    channel: ChannelId,
    events: readonly ChannelEvent[],
    used: readonly UsedCode[],
  ): Promise<void> {
    const { shortTerm, digest } = this.#options;
    const place = (address: string) => freshLink(tenantId, channel, addressDigest(digest, tenantId, channel, address));
    // In the order of the events: who tied an address anew after untying it has it.
    for (const event of events) {
      if (event.kind === 'unlinked') await shortTerm.take(place(event.address));
      const bound = event.kind === 'linked' ? used.find(({ code }) => code === event.code)?.bound : undefined;
      if (bound !== undefined) await shortTerm.put(place(event.address), bound.customerId, freshLinkMs);
    }
  }
}

const freshLink = (tenantId: string, channel: ChannelId, digest: string): string =>
  `linked:${tenantId}:${channel}:${digest}`;

/** What somebody wrote or tapped, as it is stored: a card number that somebody sends us is masked before. */
function contentOf(
  event: MessageEvent,
): Pick<
  ReplyRecord,
  'address' | 'at' | 'opensWindow' | 'text' | 'payload' | 'providerHandled' | 'standby' | 'opening'
> {
  const { text, payload, at, providerHandled, opensWindow, address, standby, opening } = event;
  return {
    address,
    at,
    opensWindow,
    ...(text === undefined ? {} : { text: maskPan(text).text.slice(0, longestText) }),
    // Payloads of our own are ids, which a mask would only break.
    ...(payload === undefined
      ? {}
      : { payload: payload.startsWith('Q:') ? payload.slice(0, 200) : maskPan(payload).text.slice(0, 200) }),
    ...(providerHandled === undefined ? {} : { providerHandled }),
    ...(standby === undefined ? {} : { standby }),
    ...(opening === undefined ? {} : { opening }),
  };
}

/** What a reply means for sending, read by the same function as in `alert`, which also knows the open questions. */
function raisedBy(record: ReplyRecord): readonly Raise[] {
  const { kind } = readReply(record, [], false);
  if (kind !== 'stop' && (kind !== 'start' || record.shared === true)) return [];
  return [{ channel: record.channel, verdict: kind === 'stop' ? 'deny' : 'allow' }];
}
