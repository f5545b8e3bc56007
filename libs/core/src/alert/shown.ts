import type { Instant } from '../time.ts';
import type { CustomerStep } from './customer-step.ts';
import { isProvenFailure } from './messages.ts';
import type { Question, Try } from './state.ts';

/** How much of a question the customer was shown, and the ids in the order in which the message numbered them. */
export interface Shown {
  readonly told: number;
  readonly listed: readonly string[];
}

/** Some providers write whole seconds, and nobody reads and answers within one. */
const clockGrain = 1_000;

const wasHandedOver = ({ state, handedOverAt = 0 }: Try, by: Instant): boolean =>
  state !== 'pending' && !isProvenFailure(state) && handedOverAt - (handedOverAt % clockGrain) <= by;

/**
 * What the customer had been shown by then. A message shows something once it is handed over, not when it is decided: in
 * between an impatient second YES would confirm a payment that nobody has seen. `accepted` is such a hand-over where a
 * channel gives no receipts, and so is `unknown`: it may have been read.
 */
export function shownBy(step: CustomerStep, question: Question, by: Instant): Shown {
  const { told, listed, before } = question;
  const message = step.message(question.alertId);
  const handedOver = message
    ? message.tries.slice(before?.tries ?? 0).some((attempt) => wasHandedOver(attempt, by))
    : question.armed;
  if (handedOver) return { told, listed };
  return before ? { told: before.told, listed: before.listed } : { told: 0, listed: [] };
}

/** What somebody speaks of who answers this very question: what was shown by then, or else what its only message says. */
export function spokenOf(step: CustomerStep, question: Question, by: Instant): Shown {
  const shown = shownBy(step, question, by);
  return shown.told > 0 || question.before ? shown : question;
}

/** The numbering that an item is named by. A number that only the newest message has proves that this one was read. */
export function numberingOf(step: CustomerStep, question: Question, by: Instant, item: number): readonly string[] {
  const { listed } = spokenOf(step, question, by);
  return listed.length > 1 && item <= listed.length ? listed : question.listed;
}
