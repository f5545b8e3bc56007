import assert from 'node:assert/strict';
import { stateContentCases } from './state/state-content-cases.ts';
import type { StateCase } from './state/state-harness.ts';
import { stateOwnershipCases } from './state/state-ownership-cases.ts';

export { stateFallBackCases } from './state/state-fall-back-cases.ts';
export type { StateThatFallsBack } from './state/state-fall-back-cases.ts';
export { storedEntry } from './state/state-harness.ts';
export type { StateCase, StateUnderTest } from './state/state-harness.ts';

const storeCases: readonly StateCase[] = [
  {
    name: 'a fit store answers and has nothing to complain about',
    async run(context) {
      await context.store.ping();
      assert.deepEqual(await context.store.check(), []);
    },
  },
];

/** The contract of the state port. Each case makes slots of its own in the store that it is given. */
export const stateCases: readonly StateCase[] = [...stateOwnershipCases, ...stateContentCases, ...storeCases];
