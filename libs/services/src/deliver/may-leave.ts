import { allowanceNow, mostClasses } from '@tocsin/core';
import type {
  BarrierAnswer,
  ContactRecord,
  CounterLabels,
  DataClass,
  DeliveryRecord,
  Ground,
  OutcomeRecord,
  TenantPolicy,
} from '@tocsin/core';
import type { ExecutorOptions } from './executor-options.ts';

export type Verdict =
  | { readonly kind: 'go'; readonly address: string; readonly classes: readonly DataClass[]; readonly ground: Ground }
  /** It must not leave, or not now. */
  | { readonly kind: 'stay'; readonly outcome: Withheld };

/** Why an attempt is not begun, or a delivery not even attempted. */
export type LetGo = CounterLabels<'attempts_let_go'>['reason'];

/** An outcome of our own: nothing was sent. */
export type Withheld = Extract<OutcomeRecord['outcome'], { readonly kind: 'ineligible' | 'not-sent' }> & {
  readonly code: LetGo;
};

/** How soon to look again for the contact that a barrier has announced. */
const contactBehindMs = 500;

const stay = (outcome: Withheld): Verdict => ({ kind: 'stay', outcome });
const never = (code: LetGo): Verdict => stay({ kind: 'ineligible', code });

/**
 * May this delivery leave at this moment, to where, and with what? Barrier and contact copy are compared by offset. A newer
 * barrier can only forbid: it may stand for several decisions, of which it tells the last, so what may be told is read from
 * the contact that `alert` writes for it, and waited for. The stricter of consent and the bank's policy decides what is told.
 */
export function mayLeave(
  delivery: DeliveryRecord,
  contact: ContactRecord | undefined,
  policy: TenantPolicy,
  { barrier, killed }: BarrierAnswer,
  channel: Pick<ExecutorOptions['channel'], 'tenantId'>,
): Verdict {
  // What `alert` or an operator's redrive chose: one bank's customers are not data for another bank's provider.
  if (delivery.tenantId !== channel.tenantId) return never('not-allowed');
  if (killed !== null) return never('kill-switch');
  if (contact === undefined) return never('no-contact');
  const newer = barrier !== null && barrier.offset > contact.sourceOffset ? barrier.verdict : undefined;
  const stopped = newer === undefined ? contact.stopped : newer === 'deny';
  if (stopped && delivery.evenIfStopped !== true) return never('revoked');
  if (newer !== undefined) return stay({ kind: 'not-sent', code: 'contact-behind', afterMs: contactBehindMs });
  const most = mostClasses(policy, delivery.channel);
  if (most === null) return never('not-allowed');
  if (contact.address === null) return never('no-address');
  if (contact.allowed[delivery.purpose] === undefined) return never('revoked');
  const allowance = allowanceNow(contact, policy, delivery.purpose);
  if (allowance === undefined) return never('not-allowed');
  const classes = most === undefined ? allowance.classes : allowance.classes.filter((name) => most.includes(name));
  if (!classes.includes('existence')) return never('not-allowed');
  return { kind: 'go', address: contact.address, classes, ground: allowance.ground };
}
