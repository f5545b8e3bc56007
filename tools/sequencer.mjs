// In which order Jest starts the test files: those that start servers and wait for them first, so that two workers share the
// long ones, and no worker is left with one of them when the other has done everything else.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
// Jest's own, and of its version.
const { default: Sequencer } = require(
  require.resolve('@jest/test-sequencer', {
    paths: [require.resolve('jest-config', { paths: [require.resolve('jest')] })],
  }),
);

const longFirst = [
  'test/faults',
  'libs/kafka',
  'test/e2e',
  'test/bench',
  'libs/engine',
  'libs/services',
  'libs/testing',
  'libs/redis',
];

const rank = ({ context }) => {
  const place = longFirst.indexOf(context.config.displayName?.name);
  return place < 0 ? longFirst.length : place;
};

export default class LongFirst extends Sequencer {
  async sort(tests) {
    return (await super.sort(tests)).toSorted((a, b) => rank(a) - rank(b));
  }
}
