import type { Format, SourceKind } from '@tocsin/core';
import { accountEvent } from './account-event/account-event.ts';
import { bankAnswer } from './bank-answer/bank-answer.ts';
import { json } from './json/json.ts';

/** Every format there is: a folder and a line here. */
export const formats = {
  json,
  'account-event': accountEvent,
  'bank-answer': bankAnswer,
} as const;

export type FormatId = keyof typeof formats;

/** The format of a topic whose configuration names none. */
export const defaultFormats: Readonly<Record<SourceKind, FormatId>> = {
  transactions: 'json',
  'account-events': 'account-event',
  'bank-answers': 'bank-answer',
};

/** The format of that id, for configuration; undefined where there is none. */
export const formatOf = (id: string): Format | undefined =>
  Object.hasOwn(formats, id) ? formats[id as FormatId] : undefined;

export { accountEvent, accountOfCustomer } from './account-event/account-event.ts';
export { bankAnswer } from './bank-answer/bank-answer.ts';
export { json } from './json/json.ts';
export { JsonRecordOptions } from './record/options.ts';
export { validatorOf } from './contract/validator.ts';
