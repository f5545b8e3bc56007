import { after, list, numbered, words } from './language.ts';
import type { Language, Parts, Telling } from './language.ts';

const never = 'Wir fragen nie nach PIN oder Codes.';
const whom = ({ merchant, payee }: Parts): string | undefined => after('bei ', merchant) ?? after('an ', payee);
const from = ({ merchant, payee }: Parts): string | undefined => after('von ', payee ?? merchant);
const place = (parts: Parts): string | undefined => after('in ', parts.place);
const withCard = (last4: string | undefined): string | undefined => after('mit Karte ..', last4);
const rest = ({ more }: Telling): string =>
  more ? ` und ${more.count} weitere${more.sum ? `, zusammen ${more.sum}` : ''}` : '';

function fraudCheck(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0) {
      return `Haben Sie ${words(after('bis ', t.time), `${t.count} Zahlungen`, t.last4 ? withCard(t.last4) : 'mit Ihrer Karte')} gemacht?`;
    }
    const others = t.more ? ` und ${t.more.count} weitere` : '';
    return `Haben Sie diese Zahlungen ${words(withCard(t.last4), 'gemacht')}? ${numbered(t.lines)}${others}.`;
  }
  if (!t.amount && !t.merchant && !t.payee) {
    return `Haben Sie ${words(t.time, 'eine Kartenzahlung', withCard(t.last4), place(t))} gemacht?`;
  }
  return `Haben Sie ${words(t.amount, whom(t), place(t), withCard(t.last4), t.time)} bezahlt?`;
}

function purchase(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${words(`${t.count} Zahlungen`, withCard(t.last4) ?? 'mit Ihrer Karte', after('bis ', t.time))}.`;
    return words(`${t.count} Kartenzahlungen: ${t.lines.join('; ')}${rest(t)}.`, t.last4 && `Karte ..${t.last4}.`);
  }
  const what = words(t.amount, whom(t), place(t));
  return `${list(what || 'Eine Zahlung', after('Karte ..', t.last4), t.time)}.`;
}

function deposit(t: Telling): string {
  if (t.count > 1) {
    if (t.lines.length === 0)
      return `${words(`${t.count} Eingänge auf`, t.last4 ? `Konto ..${t.last4}` : 'Ihrem Konto', after('bis ', t.time))}.`;
    return words(`${t.count} Eingänge: ${t.lines.join('; ')}${rest(t)}.`, t.last4 && `Konto ..${t.last4}.`);
  }
  return `${list(words(t.amount ?? 'Ein Betrag', from(t), 'eingegangen', after('auf Konto ..', t.last4)), t.time)}.`;
}

const quiet =
  (subject: string) =>
  (t: Telling): string =>
    `${words(subject, t.time)}. Bitte in der App ansehen.`;
const onCard = quiet('Neue Bewegung auf Ihrer Karte');
const onAccount = quiet('Neue Bewegung auf Ihrem Konto');

export const german: Language = {
  tag: 'de',
  locale: 'de-DE',
  today: 'heute',
  buttons: { yes: 'Ja, das war ich', no: 'Nein, nicht ich' },
  subjects: {
    'fraud-check': 'Bitte eine Kartenzahlung prüfen',
    'purchase-over': 'Neue Bewegung auf Ihrer Karte',
    'balance-below': 'Zu Ihrem Konto',
    deposit: 'Neue Bewegung auf Ihrem Konto',
    'international-use': 'Neue Bewegung auf Ihrer Karte',
    'answer-yes': 'Danke für Ihre Antwort',
    'freeze-done': 'Zu Ihrer Karte',
    'freeze-failed': 'Zu Ihrer Karte',
    'freeze-waiting': 'Zu Ihrer Karte',
    'already-answered': 'Ihre Antwort liegt vor',
    clarification: 'Bitte noch einmal antworten',
    'which-card': 'Bitte noch einmal antworten',
    'late-answer': 'Danke für Ihre Antwort',
    'stop-confirmation': 'Nachrichten beendet',
    'start-confirmation': 'Nachrichten wieder an',
    help: 'Hilfe',
    agent: 'Wir melden uns',
  },
  mayRepeat: 'Vielleicht haben Sie diese Nachricht schon.',
  also: {
    'purchase-over': { text: 'Das liegt über Ihrem gewählten Betrag.', classes: [] },
    'international-use': { text: 'Es wurde im Ausland bezahlt.', classes: ['place'] },
    'balance-below': { text: 'Ihr Kontostand ist jetzt unter Ihrer Grenze.', classes: [] },
  },
  replyYesOrNo: 'Antworten Sie JA oder NEIN.',
  answerInApp: 'Bitte in der App antworten.',
  line: (parts, incoming) => words(parts.amount, incoming ? from(parts) : whom(parts), parts.time),
  texts: {
    'fraud-check': (t) => {
      if (t.detailed || t.time) return fraudCheck(t);
      return t.count > 1
        ? `${t.count} Kartenzahlungen brauchen Ihre Aufmerksamkeit. Bitte in der App ansehen.`
        : 'Eine Kartenzahlung braucht Ihre Aufmerksamkeit. Bitte in der App ansehen.';
    },
    'purchase-over': (t) => (t.detailed ? purchase(t) : onCard(t)),
    'international-use': (t) => (t.detailed ? purchase(t) : onCard(t)),
    deposit: (t) => (t.detailed ? deposit(t) : onAccount(t)),
    'balance-below': (t) => {
      if (!t.detailed)
        return `Ihr Konto braucht Ihre Aufmerksamkeit${after(' seit ', t.time) ?? ''}. Bitte in der App ansehen.`;
      const account = t.last4 ? `von Konto ..${t.last4}` : 'Ihres Kontos';
      const when = t.time ? ` (${t.time})` : '';
      return t.balance
        ? `Der Stand ${account} ist ${t.balance}, unter Ihrer Grenze${when}.`
        : `Der Stand ${account} ist unter Ihrer Grenze${when}. Bitte in der App ansehen.`;
    },
    'answer-yes': (t) => `Danke. Ihre ${words('Karte', after('..', t.last4))} bleibt aktiv.`,
    'freeze-done': (t) =>
      `Danke. ${t.last4 ? `Karte ..${t.last4}` : 'Ihre Karte'} ist gesperrt, wir melden uns bei Ihnen. ${never}`,
    'freeze-failed': (t) =>
      `${t.last4 ? `Karte ..${t.last4}` : 'Ihre Karte'} ließ sich nicht automatisch sperren, wir rufen Sie gleich an. ${never}`,
    'freeze-waiting': (t) =>
      `Danke. ${t.last4 ? `Karte ..${t.last4}` : 'Ihre Karte'} ist noch nicht gesperrt, wir kümmern uns gerade darum. ${never}`,
    'already-answered': () => 'Ihre Antwort liegt uns schon vor, danke. Es ist nichts mehr zu tun.',
    clarification: () => 'Antworten Sie JA, wenn Sie diese Zahlung gemacht haben, sonst NEIN.',
    'which-card': ({ cards, said }) =>
      cards.length > 0
        ? `Welche Karte? Antworten Sie ${cards.map((last4) => `${said === 'yes' ? 'JA' : 'NEIN'} ${last4}`).join(' oder ')}.`
        : 'Welche Karte meinen Sie? Bitte in der App antworten.',
    'late-answer': () => 'Danke. Wir sehen uns das an.',
    'stop-confirmation': () => 'Sie bekommen keine SMS mehr. Mit START bekommen Sie sie wieder, HELP für Hilfe.',
    'start-confirmation': () => 'Sie bekommen hier wieder Hinweise. STOP beendet sie, HELP für Hilfe.',
    help: ({ bank }) => `Hinweise von ${bank}. Hilfe unter der Nummer auf Ihrer Karte. STOP beendet die Nachrichten.`,
    agent: () => `Wir melden uns bei Ihnen. ${never}`,
  },
};
