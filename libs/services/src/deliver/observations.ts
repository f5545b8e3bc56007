import type { Outcome, Rendered } from '@tocsin/core';
import type { ExecutorOptions } from './executor-options.ts';

/** What a text could not be: in the customer's language, or without costly characters. */
export function countText(
  { metrics, channel }: ExecutorOptions,
  { missingLanguage, replaced, language }: Rendered,
): void {
  if (missingLanguage) metrics.count('texts_missing_language', { used: language });
  if (replaced > 0) metrics.count('text_characters_replaced', { channel: channel.id }, replaced);
}

/** One line when a provider account stops working, one when it works again. */
export function breakerChanged({ breaker, channel, logger, metrics }: ExecutorOptions, outcome: Outcome): void {
  if (breaker.open) metrics.count('breaker_openings', { channel: channel.id });
  const fields = { channel: channel.id, provider: channel.provider.name, outcome: outcome.kind };
  if (breaker.open) logger.warn('breaker opened', fields);
  else logger.info('breaker closed', fields);
}
