import { describe, it } from '@jest/globals';
import { days, hours } from '@tocsin/core';
import { declined, given, pay } from '@tocsin/testing';
import { declineBurst } from './decline-burst.ts';

const declinedAt = (...times: readonly string[]) => times.map((at) => declined({ at }));
const every = (apart: number, count: number) => Array.from({ length: count }, () => ({ ...declined(), apart }));

describe('decline-burst', () => {
  it('fires at the third refusal within ten minutes', () => {
    given(declineBurst)
      .after(declinedAt('10:00', '10:04'))
      .when(declined({ at: '10:09' }))
      .thenFires({ code: 'TC-DECLINE-BURST.10M', score: 0.55, summary: '3 payments declined within 10 minutes' });
  });

  it('is quiet when they are further apart', () => {
    given(declineBurst)
      .after(declinedAt('10:00', '10:04'))
      .when(declined({ at: '10:11' }))
      .thenQuiet();
  });

  it('does not count one that is exactly ten minutes old', () => {
    given(declineBurst)
      .after(declinedAt('10:00:00', '10:04:00'))
      .when(declined({ at: '10:10:00' }))
      .thenQuiet();
  });

  it('does not count technical refusals', () => {
    given(declineBurst)
      .after(declined({ at: '10:00' }), declined({ at: '10:04', declineReason: '91' }))
      .when(declined({ at: '10:09' }))
      .thenQuiet();
    given(declineBurst)
      .after(declinedAt('10:00', '10:04', '10:05'))
      .when(declined({ at: '10:06', declineReason: '96' }))
      .thenQuiet();
    given(declineBurst, { parameters: { technical: [] } })
      .after(declined({ at: '10:00' }), declined({ at: '10:04', declineReason: '91' }))
      .when(declined({ at: '10:09' }))
      .thenFires();
  });

  it('fires weakly at the tenth within a day and the fifteenth within thirty days', () => {
    given(declineBurst)
      .after(every(hours(2), 9))
      .when(declined())
      .thenFires({ code: 'TC-DECLINE-BURST.24H', score: 0.3, evidence: { observed: 10 } });
    given(declineBurst)
      .after(every(days(2), 14))
      .when(declined())
      .thenFires({ code: 'TC-DECLINE-BURST.30D', score: 0.3, evidence: { observed: 15 } });
    given(declineBurst)
      .after(every(days(2), 13))
      .when(declined())
      .thenQuiet();
  });

  it('counts each card for itself, needs one, and says nothing of an approved payment', () => {
    given(declineBurst)
      .after(declinedAt('10:00', '10:04'))
      .when(declined({ at: '10:09', card: { token: 'card-2' } }))
      .thenQuiet();
    given(declineBurst)
      .when(declined({ card: {} }))
      .thenNotApplicable('card');
    given(declineBurst)
      .after(declinedAt('10:00', '10:04', '10:05'))
      .when(pay({ at: '10:06' }))
      .thenQuiet();
  });
});
