import type { LogRecord } from '../ports/log.ts';
import type { AddressRecord } from '../records/outside.ts';
import type { Stage } from '../stage.ts';
import { topicNames } from '../topics.ts';

const decoder = new TextDecoder();

/** Entry of the directory: whose address this is. */
export interface DirectoryEntry {
  /** Who was tied to it last. */
  readonly customerId: string;
  /** Who else has it, newest first: two people may share a telephone. */
  readonly others?: readonly string[];
}

/** More customers of one address than this are not remembered. */
const mostHolders = 8;

export const holdersOfAddress = ({ customerId, others = [] }: DirectoryEntry): readonly string[] => [
  customerId,
  ...others,
];

/** Of these customers, newest first; undefined where nobody has the address any more. */
export function heldBy(holders: readonly string[]): DirectoryEntry | undefined {
  const [customerId, ...others] = [...new Set(holders)].slice(0, mostHolders);
  if (customerId === undefined) return undefined;
  return others.length === 0 ? { customerId } : { customerId, others };
}

/** Key in `addresses` and in the directory's state. The digest keeps the address itself out of keys. */
export const directoryKey = (tenantId: string, channel: string, addressDigest: string): string =>
  `${tenantId}:${channel}:${addressDigest}`;

/**
 * Which customer an address belongs to, keyed by the address: a provider's webhook knows a number or a page-scoped id, never
 * a customer. A stage of its own, because it is keyed by something other than the customer.
 */
export function directoryStage(): Stage<AddressRecord> {
  const keyOfRecord = (record: AddressRecord) => directoryKey(record.tenantId, record.channel, record.addressDigest);
  return {
    name: 'directory',
    input: topicNames.addresses,
    decode: (record: LogRecord) => JSON.parse(decoder.decode(record.value ?? new Uint8Array())) as AddressRecord,
    keys: (record) => [keyOfRecord(record)],
    step({ entries }, record) {
      const key = keyOfRecord(record);
      const entry = entries.get<DirectoryEntry>(key);
      const holders = entry === undefined ? [] : holdersOfAddress(entry);
      const { customerId, formerly } = record;
      // Two customers' records come from two partitions: untying one of them must not untie the other.
      const left = formerly === undefined ? [] : holders.filter((holder) => holder !== formerly);
      const held = heldBy(customerId === null ? left : [customerId, ...holders]);
      if (held !== undefined) entries.put(key, held);
      else if (entry !== undefined) entries.delete(key);
    },
  };
}
