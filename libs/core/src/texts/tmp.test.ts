import { it } from '@jest/globals';
import { dataClasses } from '../consent.ts';
import { messageKinds } from '../records/delivery.ts';
import type { MessageContent } from '../records/delivery.ts';
import { render } from './render.ts';
const now = Date.UTC(2026, 10, 23, 13, 0);
const item = { amount: { minor: 8000, currency: 'EUR' }, merchant: 'Corner Coffee', place: { country: 'FR', city: 'Paris' }, time: { at: now - 3_300_000, precision: 'instant' as const }, last4: '4242', balance: { minor: 9500, currency: 'EUR' } };
it('x', () => {
  const out: string[] = [];
  for (const language of ['en', 'de', 'bg'])
    for (const kind of messageKinds)
      for (const classes of [dataClasses, ['existence','amount','merchant','time','last4'], ['existence', 'time'], ['existence']] as const)
      for (const n of [1,3]) {
        if (n > 1 && !['fraud-check','purchase-over','deposit'].includes(kind)) continue;
        const content: MessageContent = { kind, items: Array.from({length:n}, (_, i) => ({...item, amount: {minor: 8000+i*100, currency:'EUR'}})), reasons: ['r'], ...(kind === 'which-card' ? {cards: ['1234','9876']} : {}), questionId: 'q' };
        const r = render({ content, contact: { language, timeZone: 'Europe/Sofia', privacy: 'shown' }, bank: { name: 'Example Bank', fallbackLanguage: 'en' }, classes: [...classes], capabilities: { maxLength: 459, buttons: false, replies: true, segmented: true }, now, reasonSentence: () => 'A card was tried in two cities' });
        out.push(`${r.segments} ${r.text.length} ${r.text}   [${r.fields.join()}]`);
      }
  process.stdout.write(out.join('\n') + '\n');
});
