import type { LogError, TopicFacts } from '@tocsin/core';
import type { ClusterReader } from './cluster-reader.ts';
import { asLogError, logError } from '../log-errors.ts';

/** What is read, and how it was when reading began. */
export interface Reading {
  readonly topic: string;
  readonly facts: TopicFacts;
  readonly reader: ClusterReader;
}

/**
 * Why a partition cannot be read on from an offset; undefined where it can. kafkajs would not say: it resets a position
 * that is out of range, and does not know one topic from its namesake.
 * @throws LogError UNAVAILABLE
 */
export async function obstacle(
  { topic, facts, reader }: Reading,
  partition: number,
  offset: number,
): Promise<LogError | undefined> {
  try {
    if (facts.identity !== undefined && (await reader.identity(topic)) !== facts.identity) return logError('RECREATED');
    const { start, end } = await reader.bounds(topic, partition);
    if (offset < start) return logError('BEFORE_START');
    if (offset > end) return logError('BEYOND_END');
    return undefined;
  } catch (error) {
    const failure = asLogError(error);
    if (failure.code === 'UNKNOWN_TOPIC') return failure;
    throw failure;
  }
}
