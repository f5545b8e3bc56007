import { describe, expect, it } from '@jest/globals';
import { hours, minutes, seconds } from '../time.ts';
import { AlertWorld, clock } from './test/alert-world.ts';

const begun = (world = new AlertWorld()) => world.to('10:00:00').customer().suspects({ id: 't-1' });
const asked = (world?: AlertWorld) => begun(world).reports('accepted').reports('delivered');
/** The question and both reminders arrived, and nobody answered. */
const remindedTwice = () => asked().in(minutes(10)).reports('accepted').in(minutes(50)).reports('accepted');
const questions = (world: AlertWorld) => world.told.filter((told) => told.endsWith(':fraud-check'));

describe('what becomes suspicious when no message of the question will leave any more', () => {
  it('is told at once where the question reached nobody', () => {
    const world = begun();
    for (let n = 0; n < 3; n += 1) world.reports('permanent');
    expect(world.caseKinds).toEqual(['unreachable']);
    world.in(hours(1)).suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(4);
    expect(world.deliveries.at(-1)!.content.items).toHaveLength(2);
    for (let n = 0; n < 3; n += 1) world.reports('permanent');
    expect(world.cases.at(-1)).toMatchObject({ kind: 'unreachable', transactionIds: ['t-1', 't-2'] });
    expect(new Set(world.cases.map(({ id }) => id)).size).toBe(2);
  });

  it('is a case at once where no channel is left', () => {
    const world = begun();
    for (let n = 0; n < 3; n += 1) world.reports('badAddress');
    world.in(hours(1)).suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(3);
    expect(world.cases.at(-1)).toMatchObject({ kind: 'unreachable', transactionIds: ['t-1', 't-2'] });
  });

  it('is told at once when the reminders are used up, and reminded of like a new event', () => {
    const world = remindedTwice().to('11:01:00');
    expect(questions(world)).toHaveLength(3);
    world.suspects({ id: 't-2', amount: { minor: 500_000, currency: 'EUR' } });
    expect(questions(world)).toHaveLength(4);
    expect(world.deliveries.at(-1)).toMatchObject({ channel: 'sms', content: { items: [{}, {}] } });
    world.in(seconds(1)).reports('accepted').reports('delivered').in(minutes(10));
    expect(questions(world)).toHaveLength(5);
    world.in(minutes(50));
    expect(questions(world)).toHaveLength(6);
    world.says('NO');
    expect(world.labels).toEqual(['t-1:fraud', 't-2:fraud']);
    expect(world.requests).toHaveLength(1);
    expect(world.questions()).toHaveLength(1);
    expect(world.history().alerts.map(({ question }) => question?.state)).toEqual(['answered-no', 'answered-no']);
  });

  it('is part of a YES once it was handed over, and not before', () => {
    const world = remindedTwice().to('11:01:00').suspects({ id: 't-2' }).says('YES');
    expect(world.labels).toEqual(['t-1:genuine']);
    const later = remindedTwice().to('11:01:00').suspects({ id: 't-2' }).reports('accepted').in(seconds(9)).says('YES');
    expect(later.labels).toEqual(['t-1:genuine', 't-2:genuine']);
  });

  it('is told at once where nobody is ever reminded', () => {
    const world = asked(new AlertWorld({ timing: { remindAfterMs: [] } })).suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(2);
  });

  it('is told at once after the last reminder, however few messages that were', () => {
    const world = asked(new AlertWorld({ timing: { remindAfterMs: [minutes(10)] } })).in(minutes(10));
    world.reports('accepted').in(minutes(1)).suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(3);
  });

  it('ends the way of the message before', () => {
    const world = begun(new AlertWorld({ timing: { remindAfterMs: [] } }))
      .reports('accepted')
      .in(seconds(5));
    world.suspects({ id: 't-2' }).reports('accepted').reports('delivered').in(minutes(5));
    expect(questions(world)).toEqual(['sms:fraud-check', 'sms:fraud-check']);
  });

  it('does not become a message each: what follows waits for the reminder', () => {
    const world = remindedTwice().to('11:01:00');
    for (let n = 2; n < 9; n += 1) world.suspects({ id: `t-${n}` });
    expect(questions(world)).toHaveLength(4);
    world.reports('accepted').reports('delivered').in(minutes(10));
    expect(questions(world)).toHaveLength(5);
    expect(world.deliveries.at(-1)!.content.more).toMatchObject({ count: 3 });
  });

  it('has the life and the unanswered case of its own message, not those of the first', () => {
    const world = remindedTwice().to('11:01:00').suspects({ id: 't-2' }).reports('accepted').reports('delivered');
    world.in(minutes(30));
    const unanswered = world.cases.filter(({ kind }) => kind === 'unanswered');
    expect(unanswered.map(({ transactionIds }) => transactionIds)).toEqual([['t-1'], ['t-1', 't-2']]);
    expect(new Set(unanswered.map(({ id }) => id)).size).toBe(2);
    world.to(clock('10:00:00') + hours(24));
    expect(world.questions()[0]).toMatchObject({ state: 'open' });
    world.to(clock('11:01:00') + hours(24));
    expect(world.questions()[0]).toMatchObject({ state: 'expired' });
  });

  it('is not counted as handed over by a late receipt of the message before', () => {
    const world = remindedTwice().to('11:01:00').suspects({ id: 't-2' });
    world.receipt(world.deliveries[0]!, 'read').in(hours(2));
    expect(questions(world)).toHaveLength(4);
  });
});

describe('what joins while a reminder is still due', () => {
  it('waits for it', () => {
    const world = asked().in(minutes(11)).reports('accepted').suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(2);
    world.to('11:00:00');
    expect(world.deliveries.at(-1)!.content.items).toHaveLength(2);
  });

  it('is told at once where no channel may take the reminder', () => {
    const world = new AlertWorld().to('10:00:00').customer({ order: ['sms'], addresses: { sms: '+359880000001' } });
    world.suspects({ id: 't-1' }).reports('accepted').in(minutes(10)).reports('accepted');
    world.in(seconds(1)).suspects({ id: 't-2' });
    expect(questions(world)).toHaveLength(3);
  });

  it('is a case when the question is over and no message had told of it', () => {
    const world = asked().in(minutes(11)).reports('accepted').suspects({ id: 't-2' }).to('11:00:00').reports('failed');
    expect(world.caseKinds).toEqual(['unanswered']);
    world.in(hours(24));
    expect(world.questions()[0]).toMatchObject({ state: 'expired' });
    expect(world.cases.at(-1)).toMatchObject({ kind: 'unanswered', severity: 'high', transactionIds: ['t-2'] });
    expect(new Set(world.cases.map(({ id }) => id)).size).toBe(2);
  });

  it('is a case, and one, when a STOP keeps the reminders from leaving', () => {
    const world = asked().in(minutes(5)).suspects({ id: 't-2' }).says('STOP').to('11:00:00');
    expect(world.cases.map(({ transactionIds }) => transactionIds)).toEqual([['t-2'], ['t-1', 't-2']]);
    expect(world.in(hours(24)).caseKinds).toEqual(['unanswered', 'unanswered']);
  });

  it('is no second case where the message reached nobody', () => {
    const world = begun();
    for (let n = 0; n < 3; n += 1) world.reports('permanent');
    expect(world.in(hours(24)).caseKinds).toEqual(['unreachable']);
  });

  it('is no case when everything was told', () => {
    const world = remindedTwice().in(hours(24));
    expect(world.caseKinds).toEqual(['unanswered']);
  });
});
