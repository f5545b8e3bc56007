import { describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../time.ts';
import { AlertWorld, clock } from './test/alert-world.ts';

const begun = () =>
  new AlertWorld()
    .to('10:00:00')
    .customer({ order: ['sms'], addresses: { sms: '+359880000001' } })
    .suspects({ id: 't-1' });

/** A question by SMS, handed over at ten. */
const asked = () => begun().reports('accepted').reports('delivered');

const lastQuestion = (world: AlertWorld) => world.deliveries.findLast(({ content }) => content.kind === 'fraud-check')!;

describe('a YES in words', () => {
  it('counts once more only when what it was not shown the first time was handed over', () => {
    const world = asked().in(seconds(5)).suspects({ id: 't-2' }).in(seconds(5)).says('YES').in(seconds(1)).says('YES');
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:fraud-check', 'sms:already-answered']);
    world
      .reports('accepted', { deliveryId: lastQuestion(world).id })
      .in(seconds(5))
      .says('YES');
    expect(world.labels).toEqual(['t-1:genuine', 't-2:genuine']);
  });

  it('says nothing of a payment that became suspicious a moment ago', () => {
    const world = asked().says('YES').in(500).suspects({ id: 't-2' }).in(500).says('yes');
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.questions().at(-1)).toMatchObject({ state: 'open' });
    expect(world.caseKinds).toEqual([]);
  });

  it('that was written before the question left, and came late, is asked about', () => {
    const world = asked().to('10:00:30');
    world.says('YES', { at: clock('09:59:40') });
    expect(world.labels).toEqual([]);
    expect(world.told.at(-1)).toBe('sms:clarification');
    world.says('YES', { at: clock('10:00:20') });
    expect(world.labels).toEqual(['t-1:genuine']);
  });

  it('by a clock that is fast is no newer than its acceptance', () => {
    const world = begun().in(seconds(5)).reports('accepted').in(seconds(1));
    world.says('YES', { at: clock('10:30:00'), acceptedAt: clock('10:00:01') });
    expect(world.labels).toEqual([]);
  });

  it('does not cover what only a reminder under way tells', () => {
    const world = asked().suspects({ id: 't-2' }).in(minutes(10));
    expect(lastQuestion(world).content.items).toHaveLength(2);
    world.says('YES');
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:fraud-check', 'sms:fraud-check']);
    const later = asked().suspects({ id: 't-2' }).in(minutes(10)).reports('accepted').in(seconds(9)).says('YES');
    expect(later.labels).toEqual(['t-1:genuine', 't-2:genuine']);
  });

  it.each(['accepted', 'unknown'] as const)('counts where no receipt follows: %s', (state) => {
    const world = new AlertWorld().to('10:00:00').customer({ order: ['email'] });
    world.suspects({ id: 't-1' }).in(seconds(2)).reports(state).in(seconds(9)).says('YES');
    expect(world.labels).toEqual(['t-1:genuine']);
  });

  it('counts with a time in whole seconds', () => {
    const world = begun().in(300).reports('accepted').in(200);
    world.says('YES', { at: clock('10:00:00') });
    expect(world.labels).toEqual(['t-1:genuine']);
  });

  it('does not count for a message that turned out to have failed', () => {
    const world = begun().reports('accepted').in(seconds(5)).reports('failed').says('YES');
    expect(world.labels).toEqual([]);
  });

  it('is about the card that was shown, while another one is being asked about', () => {
    const world = asked().suspects({ id: 't-2', card: { token: 'card-2', last4: '9876' } });
    world.says('YES 9876').says('YES');
    expect(world.labels).toEqual(['t-1:genuine']);
  });

  it('with a stop beside it counts for no more', () => {
    expect(begun().says('YES STOP').labels).toEqual([]);
    expect(asked().says('YES STOP').labels).toEqual(['t-1:genuine']);
  });

  it('does not confirm what was over before anybody was shown it', () => {
    const world = begun()
      .in(24 * minutes(60) + 1)
      .says('YES');
    expect(world.questions()[0]).toMatchObject({ state: 'expired' });
    expect(world.labels).toEqual([]);
  });
});

describe('what counts before the news of the hand-over', () => {
  it('is a NO, which errs on the safe side', () => {
    const world = begun().says('NO');
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.requests).toHaveLength(1);
  });

  it('is a tap, which only the message itself makes possible', () => {
    const world = begun();
    world.taps(`Q:${world.questions()[0]!.id}:Y`);
    expect(world.labels).toEqual(['t-1:genuine']);
  });

  it('is the number of an item, which only that message has', () => {
    const world = asked().suspects({ id: 't-2' }).in(minutes(10)).says('YES 2');
    expect(world.labels).toEqual(['t-1:genuine']);
    world.says('YES');
    expect(world.labels).toEqual(['t-1:genuine', 't-2:genuine']);
  });
});
