import type { Appending, LogRecord } from '@tocsin/core';

/** Marks a tick, so that it is recognised without reading the value. */
export const tickHeader = 'tocsin-tick';

/**
 * A record that only moves the stage clock. The log's append time counts, not the writer's clock: so a wrong clock can
 * delay a timer but never fire it early. Without provenance: a tick too many, from a late owner, is harmless.
 */
export const tick = (topic: string, partition: number): Appending => ({
  topic,
  partition,
  key: null,
  value: '{"type":"tick","version":1}',
  headers: { [tickHeader]: '1' },
});

export const isTick = (record: LogRecord): boolean => record.headers[tickHeader] !== undefined;
