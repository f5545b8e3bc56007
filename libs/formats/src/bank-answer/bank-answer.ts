import { BankAnswerContract, accountOfRequest, cleanText, defineFormat } from '@tocsin/core';
import type { AccountInput, Decoded } from '@tocsin/core';
import { conform, refused } from '../record/conform.ts';
import { JsonRecordOptions } from '../record/options.ts';

const contractFor = () => BankAnswerContract;

/**
 * The bank's answer to a request of ours (freeze this card), routed by the account that the request's id carries:
 * `{ "requestId": "freeze/acc-1/…", "answer": "accepted" | "refused", "why": "…" }`.
 */
export const bankAnswer = defineFormat({
  id: 'bank-answer',
  title: 'Answers of the bank',
  options: JsonRecordOptions,
  decode(value, headers, options): Decoded {
    const conforming = conform(value, headers, options, contractFor);
    if ('rejections' in conforming) return refused(conforming.rejections);
    const { value: answer, warnings } = conforming;
    const accountId = accountOfRequest(answer.requestId);
    if (accountId === undefined) throw new Error('The value does not conform to the contract.');
    const why = answer.why == null ? { text: '', masked: 0 } : cleanText(answer.why);
    if (why.masked > 0) warnings.push({ code: 'PAN_IN_FIELD', path: 'why' });
    const input: AccountInput = {
      type: 'bank-answer',
      version: 1,
      // The same answer twice is one; a refusal after an acceptance is another one.
      id: answer.id ?? `${answer.requestId}/${answer.answer}`,
      accountId,
      requestId: answer.requestId,
      answer: answer.answer,
      ...(why.text === '' ? {} : { why: why.text }),
    };
    return { transactions: [], events: [input], warnings, rejections: [] };
  },
});
