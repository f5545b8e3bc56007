import { describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../time.ts';
import { AlertWorld } from './test/alert-world.ts';

/** A question on Messenger, handed over at ten and heard of no more, so that SMS is asked a minute later. */
const failedOver = () =>
  new AlertWorld()
    .to('10:00:00')
    .customer({ order: ['messenger', 'sms'], addresses: { sms: '+359880000001' } })
    .link()
    .consent('grant', 'messenger', '*')
    .suspects({ id: 't-1' })
    .reports('accepted')
    .in(minutes(1));
const onMessenger = { channel: 'messenger', address: 'psid-1' };

describe('what still waits to leave when nobody needs to hear it any more', () => {
  it('is withdrawn when the question was answered elsewhere', () => {
    const world = failedOver().says('YES', onMessenger);
    expect(world.told).toEqual(['messenger:fraud-check', 'sms:fraud-check', 'messenger:answer-yes']);
    expect(world.withdrawn).toEqual([world.deliveries[1]!.id]);
  });

  it('is withdrawn by a NO too, and once', () => {
    const world = failedOver().says('NO', onMessenger).says('NO', onMessenger).says('YES', onMessenger);
    expect(world.withdrawn).toEqual([world.deliveries[1]!.id]);
  });

  it('is a reminder', () => {
    const world = failedOver().reports('accepted').reports('delivered').in(minutes(10));
    expect(world.told).toEqual(['messenger:fraud-check', 'sms:fraud-check', 'messenger:fraud-check']);
    world.says('YES');
    expect(world.withdrawn).toEqual([world.deliveries[2]!.id]);
  });

  it('is what repeats a message of which it is reported late that it arrived', () => {
    const world = failedOver();
    const [first, second] = world.deliveries;
    world.receipt(first!, 'delivered');
    expect(world.withdrawn).toEqual([second!.id]);
    expect(world.counts).not.toContain('visible_duplicates messenger');
    world.reports('expired', { deliveryId: second!.id }).in(seconds(1));
    expect(world.caseKinds).toEqual([]);
  });

  it('is told twice all the same where it was on its way already, and counted', () => {
    const world = failedOver();
    const [first, second] = world.deliveries;
    world.receipt(first!, 'delivered').reports('accepted', { deliveryId: second!.id });
    expect(world.counts).not.toContain('visible_duplicates sms');
    world.receipt(second!, 'delivered');
    expect(world.counts).toContain('visible_duplicates sms');
  });

  it('is not what has left, or will not', () => {
    expect(failedOver().reports('accepted').says('YES', onMessenger).withdrawn).toEqual([]);
    expect(failedOver().reports('permanent').says('YES', onMessenger).withdrawn).toEqual([]);
  });

  it('is not the reminder of a question that nobody has answered, though its first message arrives late', () => {
    const world = failedOver().reports('accepted').in(minutes(10));
    expect(world.deliveries).toHaveLength(3);
    world.receipt(world.deliveries[0]!, 'delivered');
    expect(world.withdrawn).toEqual([]);
  });
});
