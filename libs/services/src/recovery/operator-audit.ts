import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { Appended, AuditRow } from '@tocsin/core';
import type { Platform } from '../platform/platform.ts';

/** What concerns the whole installation stands under this in the place of a tenant. */
export const everyTenant = '*';

export interface OperatorAct {
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly tenantId?: string;
  /** Decides, with the tenant, in which partition it stands. Default: who ran the command. */
  readonly id?: string;
  readonly at: number;
}

/** Who runs the command, as far as the machine knows. */
function operator(): string {
  try {
    return `operator:${userInfo().username}`;
  } catch {
    return 'operator:unknown';
  }
}

/** Writes down what an operator decided, before it is done: durable when this resolves. */
export async function auditOperator(
  platform: Platform,
  { action, details, tenantId = everyTenant, id, at }: OperatorAct,
): Promise<Appended> {
  const row: AuditRow = {
    type: 'audit',
    version: 1,
    id: randomUUID(),
    tenantId,
    actor: operator(),
    action,
    result: 'done',
    details,
    at,
  };
  const key = keyOf(tenantId, id ?? row.actor);
  const partition = partitionOf(key, platform.counts.outside);
  const [place] = await platform.log.append([{ topic: topicNames.audit, partition, key, value: JSON.stringify(row) }]);
  await platform.sync();
  if (place === undefined) throw new Error('The log acknowledged nothing.');
  return place;
}
