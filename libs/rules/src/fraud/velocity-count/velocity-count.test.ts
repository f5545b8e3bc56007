import { describe, it } from '@jest/globals';
import { hours, minutes, seconds } from '@tocsin/core';
import { declined, given, pay, pays, paysAt, receive } from '@tocsin/testing';
import { velocityCount } from './velocity-count.ts';

const { card: _card, ...noCard } = pay().transaction;
const device = { id: 'd-1', ip: '203.0.113.7' };

describe('velocity-count', () => {
  it('fires at the third payment with a card within an hour', () => {
    given(velocityCount)
      .after(paysAt(['10:00', '10:20']))
      .when(pay({ at: '10:59' }))
      .thenFires({
        code: 'TC-VELOCITY-COUNT.1H',
        score: 0.4,
        summary: '3 payments with one card within 1 hour',
        evidence: { observed: 3, threshold: 3, windowMs: hours(1), key: 'card', saturated: false },
      });
  });

  it('is quiet when the first is more than an hour old', () => {
    given(velocityCount)
      .after(paysAt(['10:00', '10:20']))
      .when(pay({ at: '11:05' }))
      .thenQuiet();
  });

  it('does not count one that is exactly an hour old', () => {
    given(velocityCount)
      .after(paysAt(['10:00:00', '10:30:00']))
      .when(pay({ at: '11:00:00' }))
      .thenQuiet();
  });

  it('scores three within a minute higher', () => {
    given(velocityCount)
      .after(paysAt(['10:00:00', '10:00:20']))
      .when(pay({ at: '10:00:59' }))
      .thenFires({ code: 'TC-VELOCITY-COUNT.1M', score: 0.6 });
    given(velocityCount)
      .after(paysAt(['10:00:00', '10:00:20']))
      .when(pay({ at: '10:01:00' }))
      .thenFires({ code: 'TC-VELOCITY-COUNT.1H' });
  });

  it('fires at the tenth within a day and at the sixtieth within a week', () => {
    const daily = { parameters: { cardPerHour: 1000 } };
    given(velocityCount, daily)
      .after(pays(8, { apart: hours(2) }))
      .when(pay())
      .thenQuiet();
    given(velocityCount, daily)
      .after(pays(9, { apart: hours(2) }))
      .when(pay())
      .thenFires('10 payments with one card within 1 day');
    given(velocityCount, { parameters: { cardPerHour: 1000, cardPerDay: 1000 } })
      .after(pays(59, { apart: minutes(150) }))
      .when(pay())
      .thenFires({ code: 'TC-VELOCITY-COUNT.7D', evidence: { observed: 60 } });
  });

  it('counts each card for itself', () => {
    given(velocityCount)
      .after(paysAt(['10:00', '10:20'], { card: { token: 'other' } }))
      .when(pay({ at: '10:30' }))
      .thenQuiet();
  });

  it('knows the card by its last digits where there is no token', () => {
    given(velocityCount)
      .after(paysAt(['10:00', '10:20'], { card: { last4: '4242' } }))
      .when(pay({ at: '10:30', card: { last4: '4242' } }))
      .thenFires({ code: 'TC-VELOCITY-COUNT.1H' });
  });

  it('fires at the fifth from one network address within an hour, and the fifteenth from one device within a day', () => {
    const step = (token: string) => ({ card: { token }, device });
    const four = ['a', 'b', 'c', 'd'].map((token) => pay(step(token)));
    given(velocityCount)
      .after(...four)
      .when(pay(step('e')))
      .thenFires({ code: 'TC-VELOCITY-COUNT.IP', score: 0.4, evidence: { observed: 5, key: 'ip' } });
    const others = Array.from({ length: 14 }, (_, i) =>
      pays(1, { apart: hours(1), card: { token: `c${i}` }, device: { id: 'd-1' } }),
    );
    given(velocityCount)
      .after(...others)
      .when(pay({ card: { token: 'last' }, device: { id: 'd-1' } }))
      .thenFires({ code: 'TC-VELOCITY-COUNT.DEVICE', evidence: { observed: 15 } });
  });

  it('leaves account and payee alone until a rule set switches them on', () => {
    const transfer = { channel: 'transfer', card: {}, counterparty: { account: 'p-1' } } as const;
    given(velocityCount)
      .after(pays(30, { apart: seconds(10), ...transfer }))
      .when(pay(transfer))
      .thenNotApplicable('card', 'device.ip', 'device.id');
    given(velocityCount, { parameters: { accountPerDay: 5 } })
      .after(pays(4, { apart: minutes(10), ...transfer }))
      .when(pay(transfer))
      .thenFires('5 payments from one account within 1 day');
    given(velocityCount, { parameters: { payeePerDay: 5 } })
      .after(pays(4, { apart: minutes(10), ...transfer }))
      .when(pay(transfer))
      .thenFires('5 payments to one payee within 1 day');
  });

  it('counts neither declines nor credits, and is not asked about them', () => {
    given(velocityCount)
      .after(declined({ at: '10:00' }), receive({ at: '10:05', card: { token: 'card-1' } }), pay({ at: '10:10' }))
      .when(pay({ at: '10:20' }))
      .thenQuiet();
    given(velocityCount)
      .after(paysAt(['10:00', '10:20', '10:25']))
      .when(declined({ at: '10:30' }))
      .thenQuiet();
  });

  it('judges one that comes late by what had happened until then', () => {
    given(velocityCount)
      .after(paysAt(['10:00', '10:40']))
      .when(pay({ at: '10:20' }))
      .thenQuiet();
    given(velocityCount)
      .after(paysAt(['10:00', '10:40', '10:20']))
      .when(pay({ at: '10:50' }))
      .thenFires({ evidence: { observed: 4 } });
  });

  it('does not apply to a day without a time, nor to a payment without a key', () => {
    given(velocityCount)
      .when(pay({ precision: 'date' }))
      .thenNotApplicable('occurredAt.time');
    given(velocityCount)
      .when({ at: undefined, apart: undefined, transaction: noCard })
      .thenNotApplicable('card', 'device.ip', 'device.id');
  });

  it('says that a count is a lower bound when its memory was too small', () => {
    given(velocityCount)
      .after(pays(300, { apart: seconds(5) }))
      .when(pay())
      .thenFires({ code: 'TC-VELOCITY-COUNT.1M', evidence: { observed: 12, saturated: false } });
    given(velocityCount, { parameters: { cardPerMinute: 1000 } })
      .after(pays(700, { apart: seconds(5) }))
      .when(pay())
      .thenFires({ evidence: { saturated: true } });
  });
});
