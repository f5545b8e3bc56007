import type { Question, QuestionsState } from './state.ts';

/*
 * An entry has 64 KiB, and what does not fit stops the partition. Counts of things do not bound it: a bank's ids may have
 * 256 characters, and a caller's key, evidence and the names of merchants are in letters of one to three bytes.
 */

const encoder = new TextEncoder();

/** What a value takes in an entry, at most: as JSON it is longer than as it is stored. */
export const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

/** What an entry may hold before something is left out: a step adds less than what is then still missing. */
export const entryRoom = 56 * 1024;

/** Of the entry of questions: the others when one is opened, all when a payment joins one, and the requests to the bank. */
const besideNew = 32 * 1024;
const questionsRoom = 44 * 1024;
const requestsRoom = 12 * 1024;
/** The ids of one question, which become those of a request. */
const idsRoom = 8 * 1024;

export const hasRoomForOne = ({ questions }: QuestionsState): boolean =>
  questions.length === 0 || bytesOf(questions) <= besideNew;

export const mayGrow = ({ questions }: QuestionsState, { transactionIds }: Question): boolean =>
  bytesOf(transactionIds) <= idsRoom && bytesOf(questions) <= questionsRoom;

export const fitBesideQuestions = (requests: QuestionsState['requests']): boolean => bytesOf(requests) <= requestsRoom;
