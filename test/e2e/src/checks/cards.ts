import { testCards } from '../bank/broken.ts';

const digits = testCards.map((card) => card.replaceAll(/[ -]/g, ''));

/** Full card numbers in a text, however they are separated. */
export function cardsIn(text: string): number {
  const tight = text.replaceAll(/(?<=\d)[ .-](?=\d)/g, '');
  return digits.filter((card) => tight.includes(card)).length;
}
