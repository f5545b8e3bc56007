import { describe, expect, it } from '@jest/globals';
import { World, episodes } from './world.ts';

const at = Date.parse('2026-03-02T12:00:00Z');

describe('the simulated bank', () => {
  it('is the same world for the same seed', () => {
    const stream = () => {
      const world = new World({ seed: 11 });
      return JSON.stringify([...Array(50).keys()].map((i) => world.ordinary(at + i * 1_000)));
    };
    expect(stream()).toBe(stream());
    expect(stream()).not.toBe(
      JSON.stringify([...Array(50).keys()].map((i) => new World({ seed: 12 }).ordinary(at + i * 1_000))),
    );
  });

  it('gives every transaction an id of its own and a positive amount', () => {
    const world = new World({ seed: 3, customers: 5 });
    const all = [...Array(500).keys()].map((i) => world.ordinary(at + i));
    expect(new Set(all.map(({ id }) => id)).size).toBe(500);
    expect(all.every(({ amount }) => Number(amount.value) > 0)).toBe(true);
  });

  it('keeps the balance in step with what is paid', () => {
    const world = new World({ seed: 3, customers: 1 });
    const customer = world.customers[0]!;
    const [first, second] = [world.ordinary(at, customer), world.ordinary(at + 1, customer)];
    const cents = (text: string | undefined) => Math.round(Number(text) * 100);
    expect(cents(second.balanceAfter?.value)).toBe(cents(first.balanceAfter?.value) - cents(second.amount.value));
  });

  it.each(episodes)('builds %s in time order, ending now', (kind) => {
    const world = new World();
    const list = world.episode(kind, world.customers[0]!, at);
    const times = list.map(({ occurredAt }) => Date.parse(occurredAt));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBe(at);
  });
});
