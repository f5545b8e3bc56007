import { describe, expect, it } from '@jest/globals';
import type { Position, Slot } from '@tocsin/core';
import { KnownPositions } from './known-positions.ts';

const somewhere: Position = { offset: 7, fingerprint: null, generation: 1, clockAt: 0 };

function world(positions: Map<number, Position | null | 'away'>) {
  const asked: number[] = [];
  const slot = (_stage: string, partition: number): Pick<Slot, 'position'> => ({
    position: () => {
      asked.push(partition);
      const position = positions.get(partition) ?? null;
      return position === 'away' ? Promise.reject(new Error('away')) : Promise.resolve(position);
    },
  });
  return { asked, known: new KnownPositions({ slot: slot as (stage: string, partition: number) => Slot }, 'detect') };
}

describe('the positions of idle partitions', () => {
  it('are looked at one after the other, and one that is gone is lost until it is back', async () => {
    const positions = new Map<number, Position | null>([
      [0, somewhere],
      [3, somewhere],
    ]);
    const { asked, known } = world(positions);
    for (let i = 0; i < 4; i++) await known.look([0, 3]);
    expect(asked).toEqual([0, 3, 0, 3]);
    expect(known.lost).toEqual([]);
    positions.set(3, null);
    for (let i = 0; i < 2; i++) await known.look([0, 3]);
    expect(known.lost).toEqual([3]);
    positions.set(3, somewhere);
    for (let i = 0; i < 2; i++) await known.look([0, 3]);
    expect(known.lost).toEqual([]);
  });

  it('may not be there yet, and are no longer ours to judge where another owns them or the store is away', async () => {
    const positions = new Map<number, Position | null | 'away'>([
      [0, null],
      [1, somewhere],
    ]);
    const { known } = world(positions);
    for (let i = 0; i < 4; i++) await known.look([0, 1]);
    expect(known.lost).toEqual([]);
    positions.set(1, 'away');
    for (let i = 0; i < 2; i++) await known.look([0, 1]);
    expect(known.lost).toEqual([]);
    positions.set(1, null);
    for (let i = 0; i < 2; i++) await known.look([0, 1]);
    expect(known.lost).toEqual([1]);
    await known.look([0]);
    expect(known.lost).toEqual([]);
    await known.look([]);
  });

  it('are known still after a rebalance, and lost if they went meanwhile', async () => {
    const positions = new Map<number, Position | null>([[1, somewhere]]);
    const { known } = world(positions);
    await known.look([1]);
    await known.look([]);
    positions.set(1, null);
    await known.look([1]);
    expect(known.lost).toEqual([1]);
  });

  it('count as mended once another has owned them, until they are looked at again', async () => {
    const positions = new Map<number, Position | null>([
      [0, somewhere],
      [1, somewhere],
    ]);
    const { asked, known } = world(positions);
    for (let i = 0; i < 2; i++) await known.look([0, 1]);
    positions.set(1, null);
    for (let i = 0; i < 2; i++) await known.look([0, 1]);
    expect(known.lost).toEqual([1]);
    await known.look([0]);
    positions.set(1, somewhere);
    await known.look([1, 0]);
    // It was the other one's turn.
    expect(asked.at(-1)).toBe(0);
    expect(known.lost).toEqual([]);
  });
});
