import { describe, expect, it } from '@jest/globals';
import { minutes } from '@tocsin/core';
import { given, pay } from '@tocsin/testing';
import type { PayOptions } from '@tocsin/testing';
import { distanceKm } from './distance.ts';
import { impossibleTravel } from './impossible-travel.ts';

const sofia = { latitude: 42.6977, longitude: 23.3219 };
const paris = { latitude: 48.8566, longitude: 2.3522 };
const pernik = { latitude: 42.6052, longitude: 23.0378 };

const payIn = (merchant: PayOptions['merchant'] & object, at: string, options: PayOptions = {}) =>
  pay({ merchant, at, ...options });

describe('impossible-travel', () => {
  it('fires for Sofia and Paris within an hour', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'))
      .when(payIn(paris, '11:00'))
      .thenFires({ code: 'TC-IMPOSSIBLE-TRAVEL', score: 0.85, summary: '1757 km within 1 hour' });
  });

  it('is quiet when a plane could have done it', () => {
    given(impossibleTravel).after(payIn(sofia, '10:00')).when(payIn(paris, '12:30')).thenQuiet();
  });

  it('is quiet for a neighbouring town, whatever the speed', () => {
    given(impossibleTravel).after(payIn(sofia, '10:00')).when(payIn(pernik, '10:01')).thenQuiet();
  });

  it('does not apply online, nor without a place', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'))
      .when(payIn(paris, '10:10', { channel: 'card-not-present' }))
      .thenNotApplicable('card-present');
    given(impossibleTravel)
      .when(pay({ merchant: { id: 'm-1', latitude: 42.7 } }))
      .thenNotApplicable('merchant.place');
  });

  it('looks past online payments to the last one with the card itself', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'), payIn(paris, '10:30', { channel: 'card-not-present' }))
      .when(payIn(paris, '11:00'))
      .thenFires();
  });

  it('fires at the same moment in two places', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'))
      .when(payIn(paris, '10:00'))
      .thenFires({ evidence: { spanMs: 0 } });
  });

  it('counts a cash machine as a place', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'))
      .when(payIn(paris, '11:00', { channel: 'atm' }))
      .thenFires();
  });

  it('lets two cards of one account be in two places', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'))
      .when(payIn(paris, '11:00', { card: { token: 'card-2' } }))
      .thenInsufficientHistory({ have: 0, need: 1 });
  });

  it('compares with the one before by its own time, when one comes late', () => {
    given(impossibleTravel)
      .after(payIn(sofia, '10:00'), payIn(sofia, '20:00'))
      .when(payIn(paris, '11:00'))
      .thenFires({ evidence: { spanMs: minutes(60) } });
  });

  it('measures great circles', () => {
    expect(distanceKm(sofia, paris)).toBeCloseTo(1757, -0.5);
    expect(distanceKm(sofia, pernik)).toBeCloseTo(25.4, 1);
    expect(distanceKm(sofia, sofia)).toBe(0);
    expect(distanceKm({ latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 })).toBeCloseTo(222.39, 1);
    expect(distanceKm({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 })).toBeCloseTo(
      Math.PI * 6371.0088,
      3,
    );
  });
});
