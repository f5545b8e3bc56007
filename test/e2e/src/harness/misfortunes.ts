import type { Fake, FakeGraph, FakeTwilio, Fault } from '@tocsin/simulator';
import type { Customer, Misfortune } from '../bank/people.ts';

/** What the provider does once to the customer's first message. */
const faults: Readonly<Record<Misfortune, readonly Fault[]>> = {
  'messenger-429': [{ kind: 'rate-limited', retryAfterSeconds: 2 }],
  'messenger-500': [{ kind: 'answer', status: 500, body: 'Internal error' }],
  'messenger-dropped': [{ kind: 'drop-after-body', accept: true }],
  'messenger-window': [{ kind: 'error', code: '10/2018278' }],
  'messenger-window-no-template': [{ kind: 'error', code: '10/2018278' }],
  'sms-429': [{ kind: 'error', code: '20429', status: 429 }],
  'sms-500': [{ kind: 'answer', status: 500, body: 'Internal error' }],
  'sms-dropped': [{ kind: 'drop-after-body', accept: true }],
  'sms-opted-out': [{ kind: 'error', code: '21610' }],
};

export function bringMisfortune(customers: readonly Customer[], graph: FakeGraph, twilio: FakeTwilio): void {
  for (const { misfortune, addresses } of customers) {
    if (misfortune === undefined) continue;
    const fake: Fake = misfortune.startsWith('messenger') ? graph : twilio;
    const address = misfortune.startsWith('messenger') ? addresses.messenger! : addresses.sms!;
    for (const fault of faults[misfortune]) fake.script({ fault, times: 1, recipientSuffix: address });
  }
}
