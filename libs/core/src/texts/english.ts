import { after, list, numbered, words } from './language.ts';
import type { Language, Parts, Telling } from './language.ts';

const never = 'We never ask for your PIN or codes.';
const card = (last4: string | undefined): string => words('card', after('..', last4));
const whom = ({ merchant, payee }: Parts): string | undefined => after('at ', merchant) ?? after('to ', payee);
const rest = ({ more }: Telling): string =>
  more ? ` and ${more.count} more${more.sum ? `, ${more.sum} in all` : ''}` : '';
const from = ({ merchant, payee }: Parts): string | undefined => after('from ', payee ?? merchant);
const place = (parts: Parts): string | undefined => after('in ', parts.place);

function fraudCheck(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `Did you make ${t.count} payments with your ${words(card(t.last4), after('until ', t.time))}?`;
    const others = t.more ? ` and ${t.more.count} more` : '';
    return `Did you make ${words('these payments', after('with card ..', t.last4))}? ${numbered(t.lines)}${others}.`;
  }
  if (!t.amount && !t.merchant && !t.payee) {
    return `Did you make ${words('a card payment', after('with card ..', t.last4), place(t), t.time)}?`;
  }
  return `Did you pay ${words(t.amount, whom(t), place(t), after('with card ..', t.last4), t.time)}?`;
}

function purchase(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${t.count} payments with ${words('your', card(t.last4), after('until ', t.time))}.`;
    return words(`${t.count} card payments: ${t.lines.join(', ')}${rest(t)}.`, t.last4 && `Card ..${t.last4}.`);
  }
  const what = words(t.amount, whom(t), place(t));
  return `${list(what || 'A payment', t.last4 && `card ..${t.last4}`, t.time)}.`;
}

function deposit(t: Telling): string {
  const account = after('account ..', t.last4);
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${t.count} deposits on ${words('your', account ?? 'account', after('until ', t.time))}.`;
    return words(`${t.count} deposits: ${t.lines.join(', ')}${rest(t)}.`, account && `Account ..${t.last4}.`);
  }
  return `${list(words(t.amount ?? 'A deposit', from(t), 'arrived', account && `on ${account}`), t.time)}.`;
}

const quiet =
  (subject: string) =>
  (t: Telling): string =>
    `${words(subject, t.time)}. Open the app to check it.`;
const onCard = quiet('New activity on your card');
const onAccount = quiet('New activity on your account');

export const english: Language = {
  tag: 'en',
  // English of no country: day before month, as the rest of the world writes it.
  locale: 'en-GB',
  today: 'today',
  buttons: { yes: 'Yes, it was me', no: 'No, not me' },
  subjects: {
    'fraud-check': 'Please check a card payment',
    'purchase-over': 'New activity on your card',
    'balance-below': 'About your account',
    deposit: 'New activity on your account',
    'international-use': 'New activity on your card',
    'answer-yes': 'Thank you for your answer',
    'freeze-done': 'About your card',
    'freeze-failed': 'About your card',
    'freeze-waiting': 'About your card',
    'already-answered': 'We have your answer',
    clarification: 'Please answer once more',
    'which-card': 'Please answer once more',
    'late-answer': 'Thank you for your answer',
    'stop-confirmation': 'Messages stopped',
    'start-confirmation': 'Messages on again',
    help: 'Help',
    agent: 'A colleague will contact you',
  },
  mayRepeat: 'You may have had this message already.',
  also: {
    'purchase-over': { text: 'It is above the amount you chose.', classes: [] },
    'international-use': { text: 'It was paid in another country.', classes: ['place'] },
    'balance-below': { text: 'Your balance is now below your limit.', classes: [] },
  },
  replyYesOrNo: 'Reply YES or NO.',
  answerInApp: 'Open the app to answer.',
  line: (parts, incoming) => words(parts.amount, incoming ? from(parts) : whom(parts), parts.time),
  texts: {
    'fraud-check': (t) => {
      if (t.detailed || t.time) return fraudCheck(t);
      return t.count > 1
        ? `${t.count} card payments need your attention. Open the app to check them.`
        : 'A card payment needs your attention. Open the app to check it.';
    },
    'purchase-over': (t) => (t.detailed ? purchase(t) : onCard(t)),
    'international-use': (t) => (t.detailed ? purchase(t) : onCard(t)),
    deposit: (t) => (t.detailed ? deposit(t) : onAccount(t)),
    'balance-below': (t) => {
      if (!t.detailed)
        return `Your account needs your attention${after(' since ', t.time) ?? ''}. Open the app to check it.`;
      const balance = words('Balance of', t.last4 ? `account ..${t.last4}` : 'your account', 'is');
      const when = t.time ? ` (${t.time})` : '';
      return t.balance
        ? `${balance} ${t.balance}, below your limit${when}.`
        : `${balance} below your limit${when}. Open the app to see it.`;
    },
    'answer-yes': (t) => `Thank you. Your ${card(t.last4)} stays active.`,
    'freeze-done': (t) =>
      `Thank you. ${t.last4 ? `Card ..${t.last4}` : 'Your card'} is frozen and a colleague will contact you. ${never}`,
    'freeze-failed': (t) =>
      `We could not freeze ${t.last4 ? `card ..${t.last4}` : 'your card'} automatically, a colleague is calling you. ${never}`,
    'freeze-waiting': (t) =>
      `Thank you. ${t.last4 ? `Card ..${t.last4}` : 'Your card'} is not frozen yet, a colleague is looking at it now. ${never}`,
    'already-answered': () => 'We already have your answer, thank you. There is nothing else to do.',
    clarification: () => 'Reply YES if you made this payment, NO if you did not.',
    'which-card': ({ cards, said }) =>
      cards.length > 0
        ? `Which card? Reply ${cards.map((last4) => `${said === 'yes' ? 'YES' : 'NO'} ${last4}`).join(' or ')}.`
        : 'Which card do you mean? Open the app to answer.',
    'late-answer': () => 'Thank you. A colleague will look at it.',
    'stop-confirmation': () => 'You will get no more texts. Reply START to get them again, HELP for help.',
    'start-confirmation': () => 'You will get alerts here again. Reply STOP to end them, HELP for help.',
    help: ({ bank }) => `${bank} alerts. Call the number on your card for help. Reply STOP to end texts.`,
    agent: () => `A colleague will contact you. ${never}`,
  },
};
