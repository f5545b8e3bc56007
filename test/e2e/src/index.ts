/* The harness of the end-to-end test, which the fault campaign stands on too. */
export type { Line, SetUp } from './bank-records.ts';
export type { AccountSetUp } from './bank/account.ts';
export * from './bank/people.ts';
export * from './bank/random.ts';
export * from './checks/disclosure.ts';
export * from './harness/bank-api.ts';
export * from './harness/kcat.ts';
export * from './harness/mailbox.ts';
export * from './harness/sent.ts';
export * from './harness/service-process.ts';
export * from './harness/set-up.ts';
export * from './harness/settings.ts';
export * from './harness/topics.ts';
export * from './harness/words.ts';
