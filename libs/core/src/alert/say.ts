import type { ReplyRecord } from '../records/customer.ts';
import type { MessageKind } from '../records/delivery.ts';
import { hours } from '../time.ts';
import type { Instant } from '../time.ts';
import type { CustomerStep } from './customer-step.ts';
import { tell } from './messages.ts';
import type { Question } from './state.ts';

/** The messages that one reply can cause: an answer, and a question about what joined meanwhile. */
export const replyMessages = (idOf: (...parts: string[]) => string, recordId: string) => ({
  answer: idOf(recordId, 'answer'),
  followUp: idOf(recordId, 'follow-up'),
});

type Extra = {
  readonly cards?: readonly string[];
  readonly answer?: 'yes';
  readonly expiresAt?: Instant;
  /** It is what the customer asked for, or the one confirmation of a STOP. */
  readonly evenIfStopped?: true;
};

const conversational: readonly MessageKind[] = ['help', 'agent', 'stop-confirmation', 'start-confirmation'];

/** An answer, the way the customer wrote. It is bound to that channel: elsewhere nobody asked. */
export function say(
  step: CustomerStep,
  record: ReplyRecord,
  kind: MessageKind,
  extra: Extra = {},
  question?: Question,
): void {
  // Another application owns the conversation.
  if (record.standby === true) return;
  tell(step, {
    alertId: replyMessages((...parts) => step.idOf(...parts), record.id).answer,
    priority: 0,
    purpose: conversational.includes(kind) ? 'service-reply' : 'fraud-protection',
    content: {
      kind,
      items: question?.last4 === undefined ? [] : [{ last4: question.last4 }],
      reasons: [],
      ...(extra.cards === undefined ? {} : { cards: extra.cards }),
      ...(extra.answer === undefined ? {} : { answer: extra.answer }),
    },
    expiresAt: extra.expiresAt ?? step.at + hours(1),
    transactionIds: [],
    only: record.channel,
    ...(extra.evenIfStopped === undefined ? {} : { evenIfStopped: true }),
    ...(question === undefined ? {} : { accountId: question.accountId }),
  });
}
