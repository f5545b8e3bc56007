import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGatewayWorld } from '../gateway/test/gateway-world.ts';
import type { GatewayWorld } from '../gateway/test/gateway-world.ts';
import { pastDecisions } from './past-decisions.ts';

describe('past decisions', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await startGatewayWorld();
  });
  afterAll(() => world.close());

  it('have every kill switch as it was turned last, also of a provider whose name has blanks', async () => {
    const turn = (scope: string, on: boolean, why: string) =>
      world.call('POST', '/v1/kill-switches', { body: { scope, on, why } });
    await turn('provider:Meta Messenger', true, 'it leaks');
    await turn('channel:sms', true, 'a drill');
    await turn('channel:sms', false, 'over');
    const kept = await world.platform.barriers.killSwitches('alpha');
    const { killSwitches } = await pastDecisions(world.platform.log, []);
    expect(killSwitches.map(({ scope, on }) => `${scope} ${on}`).sort()).toEqual([
      'channel:sms false',
      'provider:Meta Messenger true',
    ]);
    expect(killSwitches.map(({ at: _, ...rest }) => rest)).toEqual(
      expect.arrayContaining(kept.map(({ at: _, ...rest }) => rest)),
    );
  });
});
