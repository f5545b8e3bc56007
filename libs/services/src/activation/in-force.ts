import { decodeEntry } from '@tocsin/engine';
import type { Platform } from '../platform/platform.ts';
import type { Document, DocumentKind, Target } from './documents.ts';

/** Which version stands in a partition, by what it has committed; null where none was ever activated. */
export interface InForce {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly id: string | null;
  readonly version: number | null;
}

/** In every partition that a document of this kind goes to. */
export async function inForce(platform: Platform, kind: DocumentKind, tenantId: string): Promise<readonly InForce[]> {
  const found: InForce[] = [];
  for (const target of kind.targets) {
    const partitions = platform.partitions[target.topic] ?? 0;
    for (let partition = 0; partition < partitions; partition++) {
      found.push(await inPartition(platform, target, partition, tenantId));
    }
  }
  return found;
}

async function inPartition(
  platform: Platform,
  { stage, topic, entry }: Target,
  partition: number,
  tenantId: string,
): Promise<InForce> {
  const [bytes] = await platform.state.slot(stage, partition).peek([entry(tenantId)]);
  const standing = bytes === undefined || bytes === null ? undefined : decodeEntry<Document>(bytes);
  return { stage, topic, partition, id: standing?.id ?? null, version: standing?.version ?? null };
}
