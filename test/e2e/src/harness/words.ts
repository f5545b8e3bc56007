/* What a text of the product says, read the way a customer would: from the words alone. */

export type Kind = 'fraud' | 'routine' | 'balance' | 'help' | 'stopped' | 'frozen' | 'other';

export function kindOf(text: string): Kind {
  if (/Did you (pay|make)|card payments? needs? your attention|^fraud_check/.test(text)) return 'fraud';
  if (/Call the number on your card for help/.test(text)) return 'help';
  if (/You will get no more texts/.test(text)) return 'stopped';
  if (/is frozen and a colleague/.test(text)) return 'frozen';
  if (/below your limit|Your account needs your attention|^balance_below/.test(text)) return 'balance';
  return /Tocsin Bank|^(purchase_over|deposit|international_use)/.test(text) ? 'routine' : 'other';
}

/** `1,234.50 EUR` as `1234.50 EUR`, in the order in which they stand. The sum of a group is not among them. */
export const amountsIn = (text: string): readonly string[] =>
  [...text.replaceAll(/and \d+ more, .*? in all/g, '').matchAll(/(\d[\d,]*(?:\.\d+)?) ([A-Z]{3})\b/g)].map(
    ([, number, currency]) => `${number!.replaceAll(',', '')} ${currency}`,
  );

export const saysMayRepeat = (text: string): boolean => text.includes('You may have had this message already');

const shopNames = [
  'Cafe Alpha',
  'Green Grocer',
  'Book Corner',
  'City Bakery',
  'Shoe House',
  'Garden Store',
  'Music Hall',
  'Shop ..',
];
const places = ['France', 'Germany', 'Bulgaria', 'Sofia', 'Paris'];

/** The classes of data that a text gives away, beyond that something happened. */
export function classesIn(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  if (amountsIn(text).length > 0) found.add('amount');
  if (shopNames.some((name) => text.includes(name))) found.add('merchant');
  if (/\b(?:card|account|Card|Account) \.\.\d{4}|(?:^|\| )\d{4}(?: \||$)/.test(text)) found.add('last4');
  if (/\b\d{2}:\d{2}\b/.test(text)) found.add('time');
  if (places.some((name) => text.includes(name))) found.add('place');
  if (text.includes('Harbour Works')) found.add('payee');
  if (/Balance of .* is \d/.test(text)) found.add('balance');
  return found;
}
