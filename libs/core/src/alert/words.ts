/*
 * Words that customers answer with, by language (customer-alerts, section 7.2). All languages are read together, whatever
 * language the customer chose: people answer in the one that comes to mind. Written as they are compared: upper case, no
 * accents, no punctuation. Adding a language is adding a row.
 */

export type WordMeaning = 'yes' | 'no' | 'stop' | 'help' | 'start' | 'human' | 'balance' | 'filler';

export const words: Readonly<Record<string, Readonly<Partial<Record<WordMeaning, readonly string[]>>>>> = {
  en: {
    yes: ['YES', 'Y', 'YEP', 'YEAH', 'OK YES', 'IT WAS ME', 'THIS WAS ME', 'THAT WAS ME', 'WAS ME', 'ME', '👍'],
    no: [
      'NO',
      'N',
      'NOPE',
      'NOT ME',
      'NOT MINE',
      'IT WAS NOT ME',
      'THIS WAS NOT ME',
      'THAT WAS NOT ME',
      'IT WASNT ME',
      'WASNT ME',
      'FRAUD',
      '👎',
    ],
    stop: [
      'STOP',
      'STOPALL',
      'STOP ALL',
      'QUIT',
      'END',
      'REVOKE',
      'OPT OUT',
      'OPTOUT',
      'CANCEL',
      'UNSUBSCRIBE',
      'REMOVE',
      'TD',
    ],
    help: ['HELP', 'INFO'],
    start: ['START', 'UNSTOP', 'SUBSCRIBE'],
    human: ['AGENT', 'PERSON', 'HUMAN'],
    balance: ['BALANCE', 'BAL'],
    filler: ['PLEASE', 'THANKS', 'THANK YOU', 'CARD', 'ITEM', 'NUMBER'],
  },
  bg: {
    yes: ['ДА', 'ДА АЗ БЯХ'],
    no: ['НЕ', 'НЕ СЪМ АЗ', 'НЕ БЯХ АЗ'],
    stop: ['СТОП'],
    help: ['ПОМОЩ'],
    balance: ['БАЛАНС'],
  },
  de: { yes: ['JA'], no: ['NEIN'], stop: ['STOPP'], help: ['HILFE'] },
  es: { yes: ['SI'], no: ['NO'] },
  fr: { yes: ['OUI'], no: ['NON'], stop: ['ARRET'], help: ['AIDE'] },
};

/** Manners: they add nothing to a wish to stop. */
export const polite: readonly string[] = ['PLEASE', 'THANKS', 'THANK', 'YOU'];

/** What we send: to stop that is no more than to stop. */
export const messageWords: readonly string[] = [
  'ALERT',
  'ALERTS',
  'MESSAGE',
  'MESSAGES',
  'NOTIFICATIONS',
  'SMS',
  'TEXT',
  'TEXTS',
];

/** They say nothing of their own beside a phrase that speaks of writing ("stop sending me this"). */
export const besidePhrases: readonly string[] = ['I', 'ME', 'US', 'THIS', 'THESE', 'TO', 'WANT'];

/** Wishes to stop in plain language, wherever they stand in the text. They stop at once, and a person looks afterwards. */
export const stopPhrases: readonly string[] = [
  'PLEASE STOP',
  'STOP TEXTING',
  'STOP MESSAGING',
  'STOP SENDING',
  'STOP CONTACTING',
  'STOP WRITING',
  'STOP THE MESSAGES',
  'STOP THE TEXTS',
  'STOP THESE MESSAGES',
  'STOP THESE TEXTS',
  'NO MAS',
  'NO MORE MESSAGES',
  'NO MORE TEXTS',
  'LEAVE ME ALONE',
  'DO NOT TEXT',
  'DONT TEXT',
  'DO NOT MESSAGE',
  'DONT MESSAGE',
  'DO NOT CONTACT',
  'DONT CONTACT',
  'DO NOT WRITE',
  'DONT WRITE',
  'TAKE ME OFF',
  'СПРЕТЕ ДА МИ ПИШЕТЕ',
  'НЕ МИ ПИШЕТЕ',
  'ОСТАВЕТЕ МЕ НА МИРА',
];
