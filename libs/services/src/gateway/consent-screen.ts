import type { ConsentChange, DataClass, Instant, Purpose } from '@tocsin/core';
import { page, text } from './page.ts';

/** What a customer is asked to allow on a messenger, with the words of the consent screen. */
const offered: readonly { readonly dataClass: DataClass; readonly says: string }[] = [
  { dataClass: 'existence', says: 'that something happened with your card or account' },
  { dataClass: 'amount', says: 'the amount' },
  { dataClass: 'merchant', says: 'the name of the shop' },
  { dataClass: 'time', says: 'the time' },
  { dataClass: 'last4', says: 'the last four digits of your card' },
];
const offeredPurposes: readonly Purpose[] = ['fraud-protection', 'security-notice', 'account-alert', 'service-reply'];

/** One more with every change of the words, so that each consent says what was read. */
const textVersion = 'messenger-1';
const language = 'en';

/** Says what would be sent, to whom and when, and how to end it; agreeing is one button. */
export function consentScreen(token: string, returnTo: string): string {
  const classes = offered
    .map(({ dataClass, says }) => {
      // Without it nothing can be told at all.
      const fixed = dataClass === 'existence' ? ' disabled' : '';
      return `<label><input type="checkbox" name="${dataClass}" value="on" checked${fixed}> ${text(says)}</label>`;
    })
    .join('');
  return page(
    'Alerts by Messenger',
    `<p>Your bank can send you alerts by Facebook Messenger. Meta, the company behind Messenger, then receives the content of each message at the moment it is sent. It may contain:</p>
    <form method="post" action="${text(encodeURIComponent(token))}">
      ${classes}
      <input type="hidden" name="redirect_uri" value="${text(returnTo)}">
      <p>Nothing else leaves, and it is used for nothing else. Write STOP in the chat, or untick this in your bank's app, to end it at once.</p>
      <button>Agree and connect</button>
    </form>`,
  );
}

/** What the customer agreed to by sending the form: one line for each purpose and class. */
export const agreedChanges = (
  form: Readonly<Record<string, unknown>>,
  { id, acceptedAt }: { readonly id: string; readonly acceptedAt: Instant },
): readonly ConsentChange[] =>
  offeredPurposes.flatMap((purpose) =>
    offered
      .filter(({ dataClass }) => dataClass === 'existence' || form[dataClass] === 'on')
      .map(({ dataClass }) => ({
        id: `${id}/${purpose}/${dataClass}`,
        channel: 'messenger',
        purpose,
        dataClass,
        action: 'grant',
        acceptedAt,
        actor: 'customer',
        source: 'page',
        textVersion,
        language,
      })),
  );
