import { after, list, numbered, words } from './language.ts';
import type { Language, Parts, Telling } from './language.ts';

const never = 'Никога не искаме ПИН или кодове.';
const whom = ({ merchant, payee }: Parts): string | undefined => after('в ', merchant) ?? after('към ', payee);
const from = ({ merchant, payee }: Parts): string | undefined => after('от ', payee ?? merchant);
const place = (parts: Parts): string | undefined => after('в ', parts.place);
const withCard = (last4: string | undefined): string | undefined => after('с карта ..', last4);
const rest = ({ more }: Telling): string => (more ? ` и още ${more.count}${more.sum ? `, общо ${more.sum}` : ''}` : '');

function fraudCheck(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `Вие ли направихте ${words(`${t.count} плащания`, withCard(t.last4) ?? 'с картата си', after('до ', t.time))}?`;
    const others = t.more ? ` и още ${t.more.count}` : '';
    return `Вие ли направихте ${words('тези плащания', withCard(t.last4))}? ${numbered(t.lines)}${others}.`;
  }
  if (!t.amount && !t.merchant && !t.payee) {
    return `Вие ли направихте ${words('плащане с карта', after('..', t.last4), place(t), t.time)}?`;
  }
  return `Платихте ли ${words(t.amount, whom(t), place(t), withCard(t.last4), t.time)}?`;
}

function purchase(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${words(`${t.count} плащания`, withCard(t.last4) ?? 'с Вашата карта', after('до ', t.time))}.`;
    return words(`${t.count} плащания с карта: ${t.lines.join('; ')}${rest(t)}.`, t.last4 && `Карта ..${t.last4}.`);
  }
  const what = words(t.amount, whom(t), place(t));
  return `${list(what || 'Плащане', after('карта ..', t.last4), t.time)}.`;
}

function deposit(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${words(`${t.count} постъпления по`, t.last4 ? `сметка ..${t.last4}` : 'Вашата сметка', after('до ', t.time))}.`;
    return words(`${t.count} постъпления: ${t.lines.join('; ')}${rest(t)}.`, t.last4 && `Сметка ..${t.last4}.`);
  }
  return `${list(words('Постъпиха', t.amount ?? 'средства', from(t), after('по сметка ..', t.last4)), t.time)}.`;
}

const quiet =
  (subject: string) =>
  (t: Telling): string =>
    `${words(subject, t.time)}. Вижте в приложението.`;
const onCard = quiet('Ново движение по картата Ви');
const onAccount = quiet('Ново движение по сметката Ви');

export const bulgarian: Language = {
  tag: 'bg',
  locale: 'bg-BG',
  today: 'днес',
  buttons: { yes: 'Да, аз бях', no: 'Не, не съм аз' },
  subjects: {
    'fraud-check': 'Моля, проверете плащане с карта',
    'purchase-over': 'Ново движение по картата Ви',
    'balance-below': 'За сметката Ви',
    deposit: 'Ново движение по сметката Ви',
    'international-use': 'Ново движение по картата Ви',
    'answer-yes': 'Благодарим за отговора',
    'freeze-done': 'За картата Ви',
    'freeze-failed': 'За картата Ви',
    'freeze-waiting': 'За картата Ви',
    'already-answered': 'Имаме отговора Ви',
    clarification: 'Моля, отговорете отново',
    'which-card': 'Моля, отговорете отново',
    'late-answer': 'Благодарим за отговора',
    'stop-confirmation': 'Съобщенията са спрени',
    'start-confirmation': 'Съобщенията са включени',
    help: 'Помощ',
    agent: 'Наш колега ще се свърже с Вас',
  },
  mayRepeat: 'Може вече да сте получили това съобщение.',
  also: {
    'purchase-over': { text: 'Сумата е над избраната от Вас.', classes: [] },
    'international-use': { text: 'Плащането е в чужбина.', classes: ['place'] },
    'balance-below': { text: 'Наличността Ви вече е под зададената граница.', classes: [] },
  },
  replyYesOrNo: 'Отговорете ДА или НЕ.',
  answerInApp: 'Отговорете в приложението.',
  line: (parts, incoming) => words(parts.amount, incoming ? from(parts) : whom(parts), parts.time),
  texts: {
    'fraud-check': (t) => {
      if (t.detailed || t.time) return fraudCheck(t);
      return t.count > 1
        ? `${t.count} плащания с карта изискват внимание. Вижте в приложението.`
        : 'Плащане с карта изисква внимание. Вижте в приложението.';
    },
    'purchase-over': (t) => (t.detailed ? purchase(t) : onCard(t)),
    'international-use': (t) => (t.detailed ? purchase(t) : onCard(t)),
    deposit: (t) => (t.detailed ? deposit(t) : onAccount(t)),
    'balance-below': (t) => {
      if (!t.detailed) return `Сметката Ви изисква внимание${after(' от ', t.time) ?? ''}. Вижте в приложението.`;
      const account = t.last4 ? `по сметка ..${t.last4}` : 'по сметката Ви';
      const when = t.time ? ` (${t.time})` : '';
      return t.balance
        ? `Наличността ${account} е ${t.balance}, под зададената граница${when}.`
        : `Наличността ${account} е под зададената граница${when}. Вижте в приложението.`;
    },
    'answer-yes': (t) => `Благодарим. ${words('Картата', after('..', t.last4))} остава активна.`,
    'freeze-done': (t) =>
      `Благодарим. ${words('Картата', after('..', t.last4))} е блокирана, ще се свържем с Вас. ${never}`,
    'freeze-failed': (t) =>
      `${words('Картата', after('..', t.last4))} не се блокира автоматично, колега Ви се обажда. ${never}`,
    'freeze-waiting': (t) =>
      `Благодарим. ${words('Картата', after('..', t.last4))} още не е блокирана, колега работи по това. ${never}`,
    'already-answered': () => 'Вече имаме отговора Ви, благодарим. Не е нужно нищо повече.',
    clarification: () => 'Отговорете ДА, ако Вие сте направили плащането, или НЕ, ако не сте.',
    'which-card': ({ cards, said }) =>
      cards.length > 0
        ? `Коя карта? Отговорете ${cards.map((last4) => `${said === 'yes' ? 'ДА' : 'НЕ'} ${last4}`).join(' или ')}.`
        : 'Коя карта имате предвид? Отговорете в приложението.',
    'late-answer': () => 'Благодарим. Наш колега ще провери.',
    'stop-confirmation': () => 'Няма да получавате SMS. START ги връща, HELP е за помощ.',
    'start-confirmation': () => 'Отново ще получавате известия тук. СТОП ги спира, HELP е за помощ.',
    help: ({ bank }) => `Известия от ${bank}. Помощ: номерът на гърба на картата Ви. СТОП спира съобщенията.`,
    agent: () => `Наш колега ще се свърже с Вас. ${never}`,
  },
};
