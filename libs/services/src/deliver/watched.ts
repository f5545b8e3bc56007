import { counters, gauges } from '@tocsin/core';
import type { ChannelId, Lane } from '@tocsin/core';
import type { Metrics } from '@tocsin/nest';
import type { Breaker } from './breaker.ts';
import type { DeliveryCompanion } from './executor.ts';

/** Shows the state of a provider account's breaker at every scrape, and its counters from the beginning. */
export function watchBreaker(metrics: Metrics, channel: ChannelId, breaker: Breaker): void {
  metrics.count('breaker_openings', { channel }, 0);
  metrics.count('barriers_unreadable', { channel }, 0);
  for (const outcome of counters.deliveries.labels.outcome) metrics.count('deliveries', { channel, outcome }, 0);
  metrics.beforeScrape(() => {
    for (const state of gauges.breaker_state.labels.state) {
      metrics.set('breaker_state', { channel, state }, breaker.state === state ? 1 : 0);
    }
  });
}

/** Shows at every scrape what waits in this channel and lane, once the companion is there. */
export function watchBacklog(
  metrics: Metrics,
  channel: ChannelId,
  lane: Lane,
): (companion: DeliveryCompanion) => DeliveryCompanion {
  let watched: DeliveryCompanion | undefined;
  metrics.beforeScrape(() => {
    if (watched === undefined) return;
    const { waiting, retriesWaiting, retriesDue, longestDue, open } = watched.backlog();
    metrics.set('deliveries_waiting', { channel, lane }, waiting);
    metrics.set('retries_waiting', { channel, lane }, retriesWaiting);
    metrics.set('retries_due', { channel, lane }, retriesDue);
    metrics.set('delivery_due_age_seconds', { channel, lane }, longestDue / 1_000);
    metrics.set('attempts_open', { channel, lane }, open);
  });
  return (companion) => (watched = companion);
}
