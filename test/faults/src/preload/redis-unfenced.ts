import type { CheckpointRequest, Slot, StateStore } from '@tocsin/core';
import * as redis from '@tocsin/redis';
import { changed } from './replace.ts';

export * from '@tocsin/redis';

/** Reads and writes state without asking who the owner is. */
const unfenced = (slot: Slot): Slot =>
  changed(slot, {
    read: async (token: string, version: number, keys: readonly string[]) => {
      const fenced = await slot.read(token, version, keys);
      return fenced === 'fenced' ? slot.peek(keys) : fenced;
    },
    checkpoint: async (request: CheckpointRequest) => {
      const fenced = await slot.checkpoint(request);
      if (fenced !== 'fenced') return fenced;
      const taken = await slot.acquire({ leaseMs: request.leaseMs, takeOver: true });
      if ('busyMs' in taken) return 'fenced';
      const { token, version } = taken;
      await slot.checkpoint({ ...request, token, version });
      return request.version + 1;
    },
  });

export const redisStore: typeof redis.redisStore = (options) => {
  const store = redis.redisStore(options);
  const state: StateStore = changed(store.state, {
    slot: (stage: string, partition: number) => unfenced(store.state.slot(stage, partition)),
  });
  return { ...store, state };
};
