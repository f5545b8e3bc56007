import { describe, expect, it } from '@jest/globals';
import { readReply } from '../alert/read-reply.ts';
import { dataClasses } from '../consent.ts';
import type { DataClass } from '../consent.ts';
import { maskPan } from '../pan.ts';
import { messageKinds } from '../records/delivery.ts';
import type { MessageContent, MessageItem, MessageKind } from '../records/delivery.ts';
import { minutes } from '../time.ts';
import { fieldClasses } from './field-classes.ts';
import type { MessageField } from './field-classes.ts';
import { smsLength } from './gsm7.ts';
import { languages } from './languages.ts';
import { render } from './render.ts';
import type { RenderInput } from './render.ts';

/** Half past two in the afternoon in Sofia. */
const now = Date.UTC(2026, 10, 23, 12, 30);
const at = now - minutes(25);
const item: MessageItem = {
  amount: { minor: 8000, currency: 'EUR' },
  merchant: 'Corner Coffee',
  place: { country: 'FR', city: 'Paris' },
  time: { at, precision: 'instant' },
  last4: '4242',
  balance: { minor: 9500, currency: 'EUR' },
};
const sms = { maxLength: 459, buttons: false, replies: true, segmented: true };
const messenger = { maxLength: 2000, buttons: true, replies: true };
const chat: readonly DataClass[] = ['existence', 'amount', 'merchant', 'time', 'last4'];
const mail: readonly DataClass[] = ['existence', 'time'];
const sentences: Readonly<Record<string, string>> = { 'velocity-count': '5 payments within 10 minutes' };

type Changes = Partial<Omit<RenderInput, 'content' | 'contact'>> & {
  readonly content?: Partial<MessageContent>;
  readonly contact?: Partial<RenderInput['contact']>;
};

const rendered = (kind: MessageKind, changes: Changes = {}) =>
  render({
    bank: { name: 'Example Bank', fallbackLanguage: 'en' },
    classes: chat,
    capabilities: sms,
    now,
    reasonSentence: (id) => sentences[id],
    ...changes,
    content: {
      kind,
      items: [item],
      reasons: [],
      questionId: 'q1',
      ...(kind === 'which-card' ? { cards: ['1234', '9876'] } : {}),
      ...changes.content,
    },
    contact: { language: 'en', timeZone: 'Europe/Sofia', privacy: 'shown', ...changes.contact },
  });

const fixed = {
  'answer-yes': ['Thank you. Your card ..4242 stays active.', 'Thank you. Your card stays active.'],
  'freeze-done': [
    'Thank you. Card ..4242 is frozen and a colleague will contact you. We never ask for your PIN or codes.',
    'Thank you. Your card is frozen and a colleague will contact you. We never ask for your PIN or codes.',
  ],
  'freeze-failed': [
    'We could not freeze card ..4242 automatically, a colleague is calling you. We never ask for your PIN or codes.',
    'We could not freeze your card automatically, a colleague is calling you. We never ask for your PIN or codes.',
  ],
  'freeze-waiting': [
    'Thank you. Card ..4242 is not frozen yet, a colleague is looking at it now. We never ask for your PIN or codes.',
    'Thank you. Your card is not frozen yet, a colleague is looking at it now. We never ask for your PIN or codes.',
  ],
  'which-card': ['Which card? Reply NO 1234 or NO 9876.', 'Which card do you mean? Open the app to answer.'],
} as const;

it.each([
  ['en', 'Which card? Reply YES 1234 or YES 9876.'],
  ['de', 'Welche Karte? Antworten Sie JA 1234 oder JA 9876.'],
  ['bg', 'Коя карта? Отговорете ДА 1234 или ДА 9876.'],
])('asks in %s for the card of a YES as it was said', (language, text) => {
  const content = { cards: ['1234', '9876'], answer: 'yes' } as const;
  expect(rendered('which-card', { content, contact: { language } }).text).toBe(`Example Bank: ${text}`);
});

describe('texts in English', () => {
  it.each([
    // kind, with every class, with what Messenger and SMS show by default, with what e-mail shows, with existence alone
    [
      'fraud-check',
      'Did you pay 80.00 EUR at Corner Coffee in Paris, France with card ..4242 today 14:05? Reply YES or NO.',
      'Did you pay 80.00 EUR at Corner Coffee with card ..4242 today 14:05? Reply YES or NO.',
      'Did you make a card payment today 14:05? Reply YES or NO.',
      'A card payment needs your attention. Open the app to check it.',
    ],
    [
      'purchase-over',
      '80.00 EUR at Corner Coffee in Paris, France, card ..4242, today 14:05.',
      '80.00 EUR at Corner Coffee, card ..4242, today 14:05.',
      'New activity on your card today 14:05. Open the app to check it.',
      'New activity on your card. Open the app to check it.',
    ],
    [
      'international-use',
      '80.00 EUR at Corner Coffee in Paris, France, card ..4242, today 14:05.',
      '80.00 EUR at Corner Coffee, card ..4242, today 14:05.',
      'New activity on your card today 14:05. Open the app to check it.',
      'New activity on your card. Open the app to check it.',
    ],
    [
      'balance-below',
      'Balance of account ..4242 is 95.00 EUR, below your limit (today 14:05).',
      'Balance of account ..4242 is below your limit (today 14:05). Open the app to see it.',
      'Your account needs your attention since today 14:05. Open the app to check it.',
      'Your account needs your attention. Open the app to check it.',
    ],
    [
      'deposit',
      '80.00 EUR from Corner Coffee arrived on account ..4242, today 14:05.',
      '80.00 EUR from Corner Coffee arrived on account ..4242, today 14:05.',
      'New activity on your account today 14:05. Open the app to check it.',
      'New activity on your account. Open the app to check it.',
    ],
    ...Object.entries(fixed).map(([kind, [full, bare]]) => [kind, full, full, bare, bare] as const),
  ] as const)('%s', (kind, ...texts) => {
    for (const [i, classes] of [dataClasses, chat, mail, ['existence'] as const].entries()) {
      expect(rendered(kind as MessageKind, { classes }).text).toBe(`Example Bank: ${texts[i]}`);
    }
  });

  it.each([
    ['already-answered', 'Example Bank: We already have your answer, thank you. There is nothing else to do.'],
    ['clarification', 'Example Bank: Reply YES if you made this payment, NO if you did not.'],
    ['late-answer', 'Example Bank: Thank you. A colleague will look at it.'],
    ['stop-confirmation', 'Example Bank: You will get no more texts. Reply START to get them again, HELP for help.'],
    ['start-confirmation', 'Example Bank: You will get alerts here again. Reply STOP to end them, HELP for help.'],
    ['help', 'Example Bank alerts. Call the number on your card for help. Reply STOP to end texts.'],
    ['agent', 'Example Bank: A colleague will contact you. We never ask for your PIN or codes.'],
  ] as const)('%s says the same whatever is allowed', (kind, text) => {
    for (const classes of [dataClasses, chat, ['existence'] as const])
      expect(rendered(kind, { classes }).text).toBe(text);
  });

  it('names a payee where there is no merchant, and only then', () => {
    const content = { items: [{ amount: item.amount!, payee: 'A. Person' }] };
    expect(rendered('fraud-check', { classes: dataClasses, content }).text).toContain(
      'Did you pay 80.00 EUR to A. Person?',
    );
    const both = { items: [{ ...item, payee: 'A. Person' }] };
    expect(rendered('fraud-check', { classes: dataClasses, content: both }).text).not.toContain('Person');
  });

  it('gives the strongest reason that has a sentence, before it asks', () => {
    const content = { reasons: ['unheard-of', 'velocity-count'] };
    expect(rendered('fraud-check', { content }).text).toBe(
      'Example Bank: Did you pay 80.00 EUR at Corner Coffee with card ..4242 today 14:05? 5 payments within 10 minutes. Reply YES or NO.',
    );
  });

  it('keeps a reason for itself that would disclose a class which is not allowed', () => {
    const reasonSentence = () => ({ text: 'Paid in another country', classes: ['place'] as const });
    const content = { reasons: ['abroad'] };
    expect(rendered('purchase-over', { content, reasonSentence }).text).not.toContain('country');
    expect(rendered('purchase-over', { content, reasonSentence, classes: dataClasses }).text).toContain(
      'Paid in another country.',
    );
  });

  it('fills a sentence from what may be told, and leaves it out where it needs more', () => {
    const reasonSentence = () => 'First payment in {country}: {amount} at {merchant}';
    const content = { reasons: ['first-seen'] };
    const full = rendered('fraud-check', { content, reasonSentence, classes: dataClasses, capabilities: messenger });
    expect(full.text).toContain('First payment in France: 80.00 EUR at Corner Coffee. Reply');
    expect(rendered('fraud-check', { content, reasonSentence }).text).not.toContain('First');
  });

  it('says what other conditions held, in a few words', () => {
    const content = { reasons: ['international-use', 'balance-below'] };
    expect(rendered('purchase-over', { content }).text).toMatch(
      /today 14:05\. Your balance is now below your limit\.$/,
    );
    expect(rendered('purchase-over', { content, classes: dataClasses, capabilities: messenger }).text).toMatch(
      /It was paid in another country\. Your balance is now below your limit\.$/,
    );
  });

  it('says that it may repeat', () => {
    expect(rendered('purchase-over', { content: { mayRepeat: true } }).text).toMatch(
      /You may have had this message already\.$/,
    );
  });
});

describe('a grouped message', () => {
  const items = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ ...item, amount: { minor: 1000 + i, currency: 'EUR' } }));

  it('lists up to five payments', () => {
    const { text, fields } = rendered('purchase-over', { content: { items: items(2) }, capabilities: messenger });
    expect(text).toBe(
      'Example Bank: 2 card payments: 10.00 EUR at Corner Coffee today 14:05, 10.01 EUR at Corner Coffee today 14:05. Card ..4242.',
    );
    expect(fields).toEqual(
      expect.arrayContaining(['count', 'amount', 'items[1].amount', 'items[1].merchant', 'items[1].time']),
    );
  });

  it('counts and sums the rest', () => {
    const content = {
      items: items(7),
      more: {
        count: 3,
        sums: [
          { minor: 500, currency: 'EUR' },
          { minor: 70, currency: 'USD' },
        ],
      },
    };
    const { text, fields } = rendered('purchase-over', {
      content,
      capabilities: messenger,
      classes: ['existence', 'amount'],
    });
    expect(text).toBe(
      'Example Bank: 10 card payments: 10.00 EUR, 10.01 EUR, 10.02 EUR, 10.03 EUR, 10.04 EUR and 5 more, 75.21 EUR + 0.70 USD in all.',
    );
    expect(fields).toContain('sum');
  });

  it('numbers the payments of a question, so that one can be answered', () => {
    const content = { items: items(2), more: { count: 2, sums: [] } };
    expect(rendered('fraud-check', { content, classes: ['existence', 'amount', 'time'] }).text).toBe(
      'Example Bank: Did you make these payments? 1) 10.00 EUR today 14:05 2) 10.01 EUR today 14:05 and 2 more. Reply YES or NO.',
    );
  });

  it('names where deposits come from', () => {
    expect(
      rendered('deposit', { content: { items: items(2) }, classes: ['existence', 'merchant', 'amount'] }).text,
    ).toBe('Example Bank: 2 deposits: 10.00 EUR from Corner Coffee, 10.01 EUR from Corner Coffee.');
  });

  it('tells no more than allowed', () => {
    const content = { items: items(3) };
    expect(rendered('fraud-check', { content, classes: ['existence'] }).text).toBe(
      'Example Bank: 3 card payments need your attention. Open the app to check them.',
    );
    expect(rendered('purchase-over', { content, classes: mail }).text).toBe(
      'Example Bank: New activity on your card today 14:05. Open the app to check it.',
    );
  });
});

describe('disclosure', () => {
  it('lists exactly the classes that are in the text', () => {
    const { classes, fields, textId } = rendered('purchase-over', { classes: ['existence', 'amount', 'time'] });
    expect([...classes].sort()).toEqual(['amount', 'existence', 'time']);
    expect([...fields].sort()).toEqual(['amount', 'kind', 'time']);
    expect(textId).toBe('purchase-over/en/1');
  });

  /** One value per field that can stand nowhere else. */
  const traces: readonly (readonly [DataClass, RegExp])[] = [
    ['amount', /80[.,]00/],
    ['merchant', /Corner/],
    ['place', /Paris|Fran|Фран/],
    ['time', /14:05|heute|today|днес/],
    ['last4', /4242|1234|9876/],
    ['balance', /95[.,]00/],
  ];

  it.each(languages.map(({ tag }) => tag))(
    'never shows a field whose class is not allowed, in any text (%s)',
    (language) => {
      for (const kind of messageKinds) {
        for (let bits = 0; bits < 64; bits++) {
          const allowed = traces.filter((_, i) => bits & (1 << i)).map(([name]) => name);
          for (const privacy of ['shown', 'hidden'] as const) {
            const message = rendered(kind, {
              classes: ['existence', ...allowed],
              contact: { language, privacy },
              content: { reasons: ['velocity-count'] },
            });
            const everything = JSON.stringify(message);
            const open = privacy === 'hidden' ? allowed.filter((name) => name === 'time') : allowed;
            for (const [name, trace] of traces) {
              if (!open.includes(name)) expect(everything).not.toMatch(trace);
              expect(message.classes.includes(name)).toBe(trace.test(message.text));
            }
            for (const field of message.fields) expect(message.classes).toContain(fieldClasses[field as MessageField]);
            expect(message.text).not.toMatch(/undefined|\[object|NaN| {2}|\(\)|\. \./);
            expect(message.text.length).toBeGreaterThan(20);
          }
        }
      }
    },
  );

  it('gives a template only values that the text has too', () => {
    expect(rendered('fraud-check', { classes: ['existence', 'amount'] }).template).toEqual({
      name: 'fraud-check',
      parameters: { bank: 'Example Bank', amount: '80.00 EUR' },
    });
  });

  it('shows a locked screen nothing but that something happened', () => {
    const { text, subject } = rendered('purchase-over', { contact: { privacy: 'hidden' } });
    expect(text).toBe('Example Bank: New activity on your card today 14:05. Open the app to check it.');
    expect(subject).toBe('Example Bank');
  });

  it('never lets a full card number, a link or a number to call through a name', () => {
    const names = [
      '4111 1111 1111 1111 Shop',
      'https://evil.example/pay Shop',
      'www.shop.com/x Shop',
      'Call +44 20 7946 0958 Shop',
    ];
    for (const merchant of names) {
      const { text, template } = rendered('purchase-over', { content: { items: [{ ...item, merchant }] } });
      for (const shown of [text, template.parameters.merchant!]) {
        expect(maskPan(shown).count).toBe(0);
        expect(shown).not.toMatch(/:\/\/|www\.|\w\.com|0958|4111/);
        expect(shown).toContain('Shop');
      }
    }
  });
});

describe('questions', () => {
  it('carry buttons where the channel has some', () => {
    expect(rendered('fraud-check', { capabilities: messenger }).replies).toEqual([
      { title: 'Yes, it was me', payload: 'Q:q1:Y' },
      { title: 'No, not me', payload: 'Q:q1:N' },
    ]);
    expect(rendered('fraud-check').replies).toEqual([]);
    expect(rendered('purchase-over', { capabilities: messenger }).replies).toEqual([]);
  });

  it('are not asked about a payment of which nothing is told', () => {
    const { replies, text } = rendered('fraud-check', { capabilities: messenger, classes: ['existence'] });
    expect(replies).toEqual([]);
    expect(text).not.toContain('YES');
  });

  it('are answered elsewhere where nobody reads replies', () => {
    const capabilities = { maxLength: 10_000, buttons: false, replies: false };
    expect(rendered('fraud-check', { capabilities }).text).toMatch(/Open the app to answer\.$/);
  });

  it.each(languages.map(({ tag }) => tag))(
    'offer no word after STOP and START that is not understood (%s)',
    (language) => {
      for (const kind of ['stop-confirmation', 'start-confirmation', 'help'] as const) {
        const { text } = rendered(kind, { contact: { language } });
        const offered = (text.match(/\p{Lu}{2,}/gu) ?? []).filter((word) => word !== 'SMS');
        expect(offered.length).toBeGreaterThan(0);
        for (const word of offered) expect([word, readReply({ text: word }, [], false).kind]).not.toContain('unknown');
      }
    },
  );

  it('fit on buttons in every language', () => {
    for (const { buttons } of languages)
      for (const title of Object.values(buttons)) expect(title.length).toBeLessThanOrEqual(20);
  });
});

describe('language, amount and time', () => {
  it('speaks the language of the customer', () => {
    expect(rendered('fraud-check', { contact: { language: 'de-AT' } })).toMatchObject({
      text: 'Example Bank: Haben Sie 80,00 EUR bei Corner Coffee mit Karte ..4242 heute 14:05 bezahlt? Antworten Sie JA oder NEIN.',
      language: 'de-AT',
      missingLanguage: false,
    });
    expect(rendered('fraud-check', { contact: { language: 'bg' } }).text).toBe(
      'Example Bank: Платихте ли 80,00 EUR в Corner Coffee с карта ..4242 днес 14:05? Отговорете ДА или НЕ.',
    );
  });

  it("falls back to the bank's language, then to English, and says so", () => {
    const german = { bank: { name: 'Bank', fallbackLanguage: 'de' }, contact: { language: 'fr' } };
    expect(rendered('late-answer', german)).toMatchObject({
      text: 'Bank: Danke. Wir sehen uns das an.',
      language: 'de',
      missingLanguage: true,
    });
    const none = { bank: { name: 'Bank', fallbackLanguage: 'xx' }, contact: { language: 'not a tag' } };
    expect(rendered('late-answer', none)).toMatchObject({
      text: 'Bank: Thank you. A colleague will look at it.',
      missingLanguage: true,
    });
  });

  it.each([
    [{ minor: 1500, currency: 'JPY' }, '1,500 JPY'],
    [{ minor: 1250, currency: 'KWD' }, '1.250 KWD'],
    [{ minor: 123456, currency: 'EUR' }, '1,234.56 EUR'],
  ])('writes %p as %s', (amount, text) => {
    expect(rendered('purchase-over', { content: { items: [{ ...item, amount }] } }).text).toContain(`: ${text} at`);
  });

  it.each([
    ['another day', { at: Date.UTC(2026, 10, 22, 22, 10), precision: 'instant' }, 'Europe/Sofia', 'today 00:10'],
    [
      'before midnight there',
      { at: Date.UTC(2026, 10, 22, 21, 10), precision: 'instant' },
      'Europe/Sofia',
      '22 Nov 23:10',
    ],
    ['another year', { at: Date.UTC(2025, 10, 22, 21, 10), precision: 'instant' }, 'Europe/Sofia', '22 Nov 2025 23:10'],
    ['half an hour off', { at, precision: 'instant' }, 'Asia/Kolkata', 'today 17:35'],
    ['tomorrow over there', { at, precision: 'instant' }, 'Pacific/Kiritimati', 'today 02:05'],
    ['an unknown zone', { at, precision: 'instant' }, 'Mars/Olympus', 'today 12:05 UTC'],
    ['a day without a time', { at: Date.UTC(2026, 10, 23), precision: 'date' }, 'America/New_York', 'today'],
    ['an earlier day without a time', { at: Date.UTC(2026, 10, 21), precision: 'date' }, 'America/New_York', '21 Nov'],
  ] as const)('tells the time on the customer’s clock: %s', (_, time, timeZone, text) => {
    const message = rendered('purchase-over', { content: { items: [{ ...item, time }] }, contact: { timeZone } });
    expect(message.template.parameters.time).toBe(text);
    expect(message.text).toContain(`, ${text}.`);
  });
});

describe('text messages', () => {
  const longName = 'The Most Extraordinarily Long Winded Coffee Roasting Company';

  it('are one segment: the name of the merchant gives way, the amount never', () => {
    const content = { items: [{ ...item, merchant: longName }], mayRepeat: true };
    const { text, segments } = rendered('fraud-check', { content });
    expect(segments).toBe(1);
    expect(text).toMatch(/Did you pay 80\.00 EUR at The Most Extr[a-z]* [\w ]*with card \.\.4242 today 14:05\?/);
    expect(smsLength(text).units).toBeGreaterThan(150);
  });

  it('never cut a name below twelve characters, and take another segment for the reason', () => {
    const content = { items: [{ ...item, merchant: longName }], reasons: ['long'] };
    const reasonSentence = () => 'This is far more than you usually pay with this card at this time of the day';
    const { text, segments } = rendered('fraud-check', { content, reasonSentence });
    expect(segments).toBe(2);
    expect(text).toContain(longName);
    expect(text).toContain('far more');
  });

  it('in Cyrillic are two segments', () => {
    const content = { items: [{ ...item, merchant: 'Кафене „При най-дългото име на света“ и синове, София-център' }] };
    const { text, segments } = rendered('fraud-check', { content, contact: { language: 'bg' } });
    expect(segments).toBe(2);
    expect(text.length).toBeLessThanOrEqual(134);
    expect(text).toContain('80,00 EUR');
  });

  it('use no character for looks that costs a segment', () => {
    const merchant = 'Joe’s – “Diner”';
    const { text, segments, replaced } = rendered('purchase-over', { content: { items: [{ ...item, merchant }] } });
    expect(text).toContain('Joe\'s - "Diner"');
    expect([smsLength(text).encoding, segments, replaced]).toEqual(['gsm-7', 1, 4]);
    const chatText = rendered('purchase-over', {
      content: { items: [{ ...item, merchant }] },
      capabilities: messenger,
    }).text;
    expect(chatText).toContain(merchant);
  });

  it.each(languages.map(({ tag }) => tag))('fit their budget in every kind (%s)', (language) => {
    for (const kind of messageKinds) {
      const { segments, text } = rendered(kind, { contact: { language } });
      expect(segments).toBeLessThanOrEqual(smsLength(text).encoding === 'gsm-7' ? 1 : 2);
    }
  });

  it('leave out the least important when a list is too long', () => {
    const items = Array.from({ length: 40 }, () => ({ ...item, merchant: longName }));
    const { text, segments } = rendered('purchase-over', { content: { items, reasons: ['velocity-count'] } });
    expect(segments).toBeLessThanOrEqual(3);
    expect(text).toMatch(
      /^Example Bank: 40 card payments: (80\.00 EUR at [^,]+, )+80\.00 EUR at [^,]+ and 3\d more, 3,200\.00 EUR in all\./,
    );
  });
});
