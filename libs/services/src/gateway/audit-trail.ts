import { randomUUID } from 'node:crypto';
import { topicNames } from '@tocsin/core';
import type { AuditRow } from '@tocsin/core';
import type { Intake } from './intake.ts';

/** Appends rows to `audit`: durable before the answer goes out. */
export class AuditTrail {
  readonly #intake: Intake;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  async write(row: Omit<AuditRow, 'type' | 'version' | 'id' | 'at'>): Promise<void> {
    const full: AuditRow = { type: 'audit', version: 1, id: randomUUID(), at: this.#intake.now(), ...row };
    await this.#intake.append(topicNames.audit, row.tenantId, row.actor, full);
  }
}
