import { partitionOf } from '@tocsin/core';
import type { EngineLimits } from '@tocsin/engine';
import type { Act } from './act.ts';
import { bankAct } from './bank-acts.ts';
import { customerAct } from './customer-acts.ts';
import { officeAct } from './office-acts.ts';
import { Pipeline, stop } from './pipeline.ts';
import { providerAct } from './provider-acts.ts';
import { bankTopic, partitions } from './stages.ts';

export const lifeBeginsAt = Date.UTC(2026, 2, 3, 8, 0, 0);

/** A bank, its customers and their messages' providers, with all stages between them: what happens is written in the log. */
export class Life {
  readonly pipeline: Pipeline;
  /** One counter for whatever needs a name of its own. */
  #names = 0;
  ruleSetVersion = 0;
  policyVersion = 0;
  /** How often each delivery was tried, and whether it is over. */
  readonly sends = new Map<string, { attempts: number; over: boolean }>();

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  get now(): number {
    return this.pipeline.clock.now();
  }

  name(prefix: string): string {
    return `${prefix}-${++this.#names}`;
  }

  toBank(accountId: string, value: object | string): Promise<void> {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const partition = partitionOf(accountId, partitions[bankTopic]!);
    return this.pipeline.append([{ topic: bankTopic, partition, key: accountId, value: text }]);
  }

  async act(act: Act): Promise<void> {
    if (act.do === 'wait') {
      await this.pipeline.clock.leap(act.ms);
      // Long enough for a tick to be written and read.
      await this.pipeline.clock.advance(250);
      return;
    }
    await (bankAct(this, act) ?? officeAct(this, act) ?? customerAct(this, act) ?? providerAct(this, act));
    await this.pipeline.clock.advance(0);
  }

  /** What every life begins with: customers who can be reached, and who want to hear of their accounts. */
  async begin(): Promise<void> {
    for (const customer of [0, 1, 2]) {
      await this.act({ do: 'profile', customer, order: customer });
      await this.act({ do: 'consent', customer, grant: true, channel: 2, purpose: 2, lateMs: 0 });
      if (customer === 2) continue;
      await this.act({ do: 'link', customer, linked: true });
      // Who has written can be answered on the messenger.
      await this.act({ do: 'reply', customer, channel: 0, text: 4, lateMs: 0 });
    }
    await this.act({ do: 'holders', account: 0, customers: [0] });
    await this.act({ do: 'holders', account: 1, customers: [1, 2] });
    await this.act({ do: 'settings', account: 0, country: 'BG' });
    for (const account of [0, 1]) {
      await this.act({ do: 'conditions', account, customer: account, on: true, minor: 2_500 });
    }
  }
}

/** A life that was lived without any misfortune: its log, and the state that each stage had in the end. */
export interface Lived {
  readonly pipeline: Pipeline;
  readonly life: Life;
}

export async function live(acts: readonly Act[], limits: Partial<EngineLimits> = {}): Promise<Lived> {
  const pipeline = new Pipeline({ startAt: lifeBeginsAt });
  const machine = pipeline.start(limits);
  await machine.running;
  const life = new Life(pipeline);
  await life.begin();
  for (const act of acts) await life.act(act);
  await pipeline.clock.advance(2_500);
  await stop(machine);
  return { pipeline, life };
}
