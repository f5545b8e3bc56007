import type { LogRecord } from '../ports/log.ts';
import type { AddressRecord } from '../records/outside.ts';
import type { Stage } from '../stage.ts';
import { topicNames } from '../topics.ts';

const decoder = new TextDecoder();

/** Entry of the directory: whose address this is. */
export interface DirectoryEntry {
  readonly customerId: string;
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
      if (record.customerId !== null) {
        entries.put(key, { customerId: record.customerId } satisfies DirectoryEntry);
      } else if (record.formerly === undefined || entries.get<DirectoryEntry>(key)?.customerId === record.formerly) {
        // Two customers' records come from two partitions: a late untying must not undo a newer tie to somebody else.
        entries.delete(key);
      }
    },
  };
}
