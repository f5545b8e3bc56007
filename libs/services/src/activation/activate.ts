import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf } from '@tocsin/core';
import type { Platform } from '../platform/platform.ts';
import { auditOperator } from '../recovery/operator-audit.ts';
import type { Document, DocumentKind } from './documents.ts';
import { inForce } from './in-force.ts';
import type { InForce } from './in-force.ts';

const lookEveryMs = 500;
const repeatEveryMs = 5_000;

export interface Activation {
  readonly version: number;
  /** Partitions that have not confirmed it yet. */
  readonly waiting: readonly InForce[];
}

/**
 * Puts a document in force: writes it down, which gives it its version, then appends it whole to every partition that it
 * concerns, again under the same id where a partition does not confirm it, until all have or the time is up. What is
 * appended stands: a stage that does not run applies it when it does.
 */
export async function activate<D extends Document>(
  platform: Platform,
  kind: DocumentKind<D>,
  tenantId: string,
  content: Omit<D, 'version'>,
  waitMs: number,
): Promise<Activation> {
  const standing = await inForce(platform, kind, tenantId);
  const above = Math.max(0, ...standing.map(({ version }) => version ?? 0));
  const at = Date.now();
  const place = await auditOperator(platform, {
    action: kind.action,
    details: { document: content, above },
    tenantId,
    at,
    // One key for all operators: so one partition, whose offsets are the counter.
    id: 'activations',
  });
  const version = versionOf(place.offset, above);
  const document = { ...content, version } as unknown as D;
  const key = keyOf(tenantId, kind.name);
  const value = JSON.stringify(kind.record(tenantId, document));
  const append = async (targets: readonly Pick<InForce, 'topic' | 'partition'>[]): Promise<void> => {
    // One by one: together they could be more than one request takes.
    for (const { topic, partition } of targets) await platform.log.append([{ topic, partition, key, value }]);
    await platform.sync();
  };
  await append(standing);
  const deadline = at + waitMs;
  for (let repeatAt = at + repeatEveryMs; ;) {
    const waiting = (await inForce(platform, kind as unknown as DocumentKind, tenantId)).filter(
      (one) => (one.version ?? 0) < version,
    );
    const now = Date.now();
    if (waiting.length === 0 || now >= deadline) return { version, waiting };
    if (now >= repeatAt) {
      await append(waiting);
      repeatAt = now + repeatEveryMs;
    }
    await sleep(lookEveryMs);
  }
}

/**
 * The counter of versions is the place in the log where the activation was written down: it cannot repeat, whatever the
 * store forgets. Above what stands, in case that log itself was begun anew.
 */
export const versionOf = (offset: number, above: number): number => Math.max(offset + 1, above + 1);
