import { expect, it } from '@jest/globals';
import type { Connection } from '@platformatic/kafka';
import { produce } from './produce-exchange.ts';

type Callback = (error: Error | null, response: unknown) => void;

/** A connection whose requests end as this client ends one that was not answered in time, and one that was cut. */
const endingWith = (response: null | undefined): Connection =>
  ({
    send: (...given: readonly unknown[]) => (given.at(-1) as Callback)(new Error('too late'), response),
  }) as unknown as Connection;

it.each([null, undefined])('a produce that ends with %s is not taken for an answer', async (response) => {
  await expect(produce(endingWith(response), [], 1_000)).rejects.toThrow('too late');
});
