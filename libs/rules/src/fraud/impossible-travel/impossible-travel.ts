import {
  aboutText,
  cardPresentPlaces,
  defineRule,
  fired,
  hours,
  insufficientHistory,
  previousPlace,
  quiet,
} from '@tocsin/core';
import { distanceKm } from './distance.ts';

/** Two payments with the card itself, too far apart to be one person: the card was copied. */
export const impossibleTravel = defineRule({
  id: 'impossible-travel',
  title: 'Too far apart to be one person',
  version: '1.0.0',
  severity: 'high',
  family: 'place',
  audience: 'customer',
  needs: ['occurredAt.time', 'card-present', 'merchant.place'],
  defaults: { kilometres: 50, kilometresPerHour: 900, score: 0.85 },
  sentence: 'Your card ending {last4} was used in two places too far apart. Was the payment at {merchant} yours?',
  features: () => ({ previous: previousPlace(cardPresentPlaces, { by: 'card-or-account' }) }),
  decide(tx, { previous }, { kilometres, kilometresPerHour, score }) {
    if (!cardPresentPlaces.includes(tx)) return quiet;
    if (previous === undefined) return insufficientHistory(0, 1);
    const { latitude, longitude } = tx.merchant as { latitude: number; longitude: number };
    const km = distanceKm(previous, { latitude, longitude });
    const span = tx.occurredAt - previous.at;
    // Multiplied out, so that no time at all between the two needs no case of its own.
    if (km <= kilometres || km * hours(1) <= kilometresPerHour * span) return quiet;
    return fired(score, `${Math.round(km)} km within ${aboutText(span)}`, {
      observedKm: Math.round(km * 10) / 10,
      spanMs: span,
      thresholdKm: kilometres,
      thresholdKmPerHour: kilometresPerHour,
    });
  },
});
