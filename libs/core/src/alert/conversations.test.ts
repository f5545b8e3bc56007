import { describe, expect, it } from '@jest/globals';
import { hours, minutes, seconds } from '../time.ts';
import { messageEntry } from './state.ts';
import { AlertWorld, accountId, clock, customerId, tenantId } from './test/alert-world.ts';

/** A question by SMS, handed over at ten. */
const asked = (world = new AlertWorld()) =>
  world
    .to('10:00:00')
    .customer({ order: ['sms'], addresses: { sms: '+359880000001' } })
    .suspects({ id: 't-1' })
    .reports('accepted')
    .reports('delivered');

describe('YES', () => {
  it('is confirmed once, labels the payment genuine, and a second one is told so at most once', () => {
    const world = asked().to('10:01:00').says('YES').to('10:02:00').says('YES').says('yes');
    expect(world.told).toEqual(['sms:fraud-check', 'sms:answer-yes', 'sms:already-answered']);
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.caseKinds).toEqual([]);
    expect(world.requests).toEqual([]);
    expect(world.history().alerts[0]!.question).toMatchObject({ state: 'answered-yes' });
  });

  it('does not cover what the customer was never told of: that is asked about anew', () => {
    const world = asked().suspects({ id: 't-2' }).says('yes');
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:fraud-check']);
    world.says('no');
    expect(world.labels).toEqual(['t-1:genuine', 't-2:fraud']);
    expect(world.requests).toMatchObject([{ transactionIds: ['t-2'] }]);
  });
});

describe('an answer', () => {
  it('is the customer’s own, however the bank and the gateway write the number', () => {
    const world = new AlertWorld()
      .to('10:00:00')
      .customer({ order: ['sms'], addresses: { sms: '+359 88 000-0001' } })
      .suspects({ id: 't-1' })
      .reports('accepted')
      .says('NO', { address: '359880000001' });
    expect(world.labels).toEqual(['t-1:fraud']);
  });
});

describe('on a telephone that two customers share, to the one who was tied to it earlier', () => {
  const shared = true;

  it('a STOP counts, and is confirmed to the other one', () => {
    const world = asked()
      .says('STOP', { shared })
      .suspects({ id: 't-2', card: { token: 'card-2', last4: '2222' } });
    expect(world.told).toEqual(['sms:fraud-check']);
  });

  it('a YES in the same breath as a STOP does not', () => {
    expect(asked().says('YES STOP').labels).toEqual(['t-1:genuine']);
    expect(asked().says('YES STOP', { shared }).labels).toEqual([]);
    expect(asked().says('NO STOP', { shared }).labels).toEqual(['t-1:fraud']);
  });

  it('a NO counts, and a tap that names its question', () => {
    expect(asked().says('NO', { shared }).labels).toEqual(['t-1:fraud']);
    const world = asked();
    const id = world.history().alerts[0]!.question!.id;
    expect(world.taps(`Q:${id}:Y`, { shared }).labels).toEqual(['t-1:genuine']);
  });

  it('nothing else does: the other one is answered', () => {
    const world = asked().says('YES', { shared }).says('HELP', { shared }).says('what is this', { shared });
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.labels).toEqual([]);
    expect(world.caseKinds).toEqual([]);
    world.says('STOP').says('START', { shared });
    expect(world.counts).toContain('replies of-another');
    expect(world.told).toEqual(['sms:fraud-check', 'sms:stop-confirmation']);
  });
});

describe('NO', () => {
  it('labels, asks the bank to freeze, calls staff, and tells the customer only what the bank answers', () => {
    const world = asked().says('NO');
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.caseKinds).toEqual(['customer-says-fraud']);
    expect(world.told).toEqual(['sms:fraud-check']);
    const [request] = world.requests;
    expect(request).toMatchObject({
      kind: 'freeze-card',
      accountId,
      customerId,
      cardToken: 'card-1',
      transactionIds: ['t-1'],
      deadlineAt: world.now + seconds(30),
    });
    expect(request!.requestId).toMatch(/^freeze\/acc-1\/[0-9a-f]{16}$/);
    const emitted = world.outputs.find(({ topic }) => topic === 'bank-requests')!;
    expect(emitted.key).toBe('bank:acc-1');
    expect(emitted.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: request!.requestId,
      ce_type: 'tocsin.bank-request.freeze-card',
      'content-type': 'application/json',
    });
    world.in(seconds(2)).bankSays('accepted').in(minutes(5));
    expect(world.told).toEqual(['sms:fraud-check', 'sms:freeze-done']);
    expect(world.deliveries[1]!.content.items).toEqual([{ last4: '1234' }]);
  });

  it('says so when the bank refuses, and calls staff at once', () => {
    const world = asked().says('NO').in(seconds(1)).bankSays('refused');
    expect(world.told).toEqual(['sms:fraud-check', 'sms:freeze-failed']);
    expect(world.cases.at(-1)).toMatchObject({ kind: 'freeze-refused', severity: 'critical' });
  });

  it('says that a colleague is looking when the bank is silent for 30 s, and freeze-done once when it answers late', () => {
    const world = asked().says('NO').in(seconds(29));
    expect(world.told).toHaveLength(1);
    world.in(seconds(1));
    expect(world.told).toEqual(['sms:fraud-check', 'sms:freeze-waiting']);
    expect(world.caseKinds).toEqual(['customer-says-fraud', 'freeze-unanswered']);
    world.in(minutes(3)).bankSays('accepted').bankSays('accepted');
    expect(world.told).toEqual(['sms:fraud-check', 'sms:freeze-waiting', 'sms:freeze-done']);
  });

  it('lets the first answer of the bank stand, and shows staff a contradiction', () => {
    const world = asked().says('NO').bankSays('accepted').bankSays('refused').in(minutes(1));
    expect(world.told).toEqual(['sms:fraud-check', 'sms:freeze-done']);
    expect(world.caseKinds).toEqual(['customer-says-fraud', 'conflict']);
  });

  it('counts the bank’s time from the record that stands in the log, as the policy sets it', () => {
    const world = new AlertWorld();
    world.record({
      type: 'tenant-policy',
      version: 1,
      id: 'p',
      tenantId,
      policy: {
        id: 'p',
        version: 1,
        bankName: 'Bank',
        defaultLanguage: 'en',
        defaultTimeZone: 'UTC',
        channels: { sms: { allowed: true } },
        legalBasis: { 'fraud-protection': { basis: 'law', channels: ['sms'] } },
        answerWithinMs: seconds(90),
      },
    });
    asked(world).says('no').in(seconds(89));
    expect(world.told).toHaveLength(1);
    world.in(seconds(1));
    expect(world.told.at(-1)).toBe('sms:freeze-waiting');
  });

  it('asks for one freeze when two holders say NO, and tells each of them', () => {
    const world = new AlertWorld().customer({ order: ['sms'] }).customer({ id: 'cus-2', addresses: { sms: '+2' } });
    world.suspects({ id: 't-1' }).suspects({ id: 't-1' }, { customerId: 'cus-2' });
    world.says('no').says('no', { customerId: 'cus-2', address: '+2' });
    expect(world.requests.map(({ requestId }) => requestId)).toHaveLength(2);
    expect(new Set(world.requests.map(({ requestId }) => requestId)).size).toBe(1);
    expect(new Set(world.cases.map(({ id }) => id)).size).toBe(1);
    world.bankSays('accepted').bankSays('accepted', undefined, 'cus-2');
    expect(world.deliveries.filter(({ content }) => content.kind === 'freeze-done').map((d) => d.customerId)).toEqual([
      customerId,
      'cus-2',
    ]);
  });

  it('tells nothing to a holder who did not ask', () => {
    const world = new AlertWorld().customer().customer({ id: 'cus-2', addresses: { sms: '+2' } });
    world.suspects().says('no').bankSays('accepted', undefined, 'cus-2');
    expect(world.told).toEqual(['sms:fraud-check']);
  });

  it('calls a person where there is no card to freeze', () => {
    const world = new AlertWorld().customer().suspectsTransfer();
    world.says('no');
    expect(world.requests).toEqual([]);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:agent']);
    expect(world.caseKinds).toEqual(['customer-says-fraud']);
  });

  it('concerns one item of a list when it names it, and leaves the rest open', () => {
    const world = asked().suspects({ id: 't-2' }).suspects({ id: 't-3' }).in(minutes(10));
    expect(world.deliveries.at(-1)!.content.items).toHaveLength(3);
    world.says('NO 2');
    expect(world.labels).toEqual(['t-2:fraud']);
    expect(world.requests).toMatchObject([{ transactionIds: ['t-2'] }]);
    world.says('NO 2');
    expect(world.requests).toHaveLength(1);
    expect(world.told.at(-1)).toBe('sms:already-answered');
    world.says('YES');
    expect(world.labels).toEqual(['t-2:fraud', 't-1:genuine', 't-3:genuine']);
  });

  it('asks once more for each item that it names, since the card may be unfrozen meanwhile, and says each time what was done', () => {
    const world = asked().suspects({ id: 't-2' }).in(minutes(10)).says('NO 1').bankSays('accepted');
    world.says('NO 2');
    expect(world.requests.map(({ transactionIds }) => transactionIds)).toEqual([['t-2'], ['t-1']]);
    world.bankSays('accepted');
    expect(world.told.slice(2)).toEqual(['sms:freeze-done', 'sms:freeze-done']);
    expect(world.caseKinds).toEqual(['customer-says-fraud', 'customer-says-fraud']);
  });
});

describe('changed minds, late answers, stale taps', () => {
  it('lets NO win over an earlier YES within a day, as a conflict', () => {
    const world = asked().says('YES').in(hours(3)).says('NO');
    expect(world.caseKinds).toEqual(['conflict']);
    expect(world.requests).toHaveLength(1);
    expect(world.labels).toEqual(['t-1:genuine', 't-1:fraud']);
    world.bankSays('accepted');
    expect(world.told).toEqual(['sms:fraud-check', 'sms:answer-yes', 'sms:freeze-done']);
  });

  it('lets NO stand against a later YES, and notes it for staff', () => {
    const world = asked().says('NO').says('YES');
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.caseKinds).toEqual(['customer-says-fraud', 'conflict']);
    expect(world.told.at(-1)).toBe('sms:already-answered');
  });

  it('changes nothing on a tap on yesterday’s question', () => {
    const world = asked();
    const { id } = world.questions()[0]!;
    world.says('YES').in(hours(25)).taps(`Q:${id}:N`);
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.requests).toEqual([]);
    expect(world.questions()[0]).toMatchObject({ state: 'answered-yes' });
    expect(world.told.at(-1)).toBe('sms:already-answered');
  });

  it('changes nothing on a tap on a question that it does not know', () => {
    const world = asked().taps('Q:0123456789abcdef:N');
    expect(world.labels).toEqual([]);
    expect(world.questions()[0]).toMatchObject({ state: 'open' });
  });

  it('records an answer after the question is over, and opens a case for NO', () => {
    const world = asked().in(hours(24) + minutes(1));
    expect(world.questions()[0]).toMatchObject({ state: 'expired' });
    world.says('NO');
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.caseKinds).toEqual(['unanswered', 'late-answer']);
    expect(world.told.at(-1)).toBe('sms:late-answer');
    expect(world.requests).toEqual([]);
  });
});

describe('which one, what, who', () => {
  it('offers the word back that was said: whoever said YES is not told to say NO', () => {
    const two = () =>
      asked()
        .suspects({ id: 't-2', card: { token: 'card-2', last4: '9876' } })
        .reports('accepted');
    expect(two().says('YES').deliveries.at(-1)!.content).toMatchObject({ kind: 'which-card', answer: 'yes' });
    expect(two().says('NO').deliveries.at(-1)!.content).not.toHaveProperty('answer');
  });

  it('has a person look at a NO that may be about what has no card to name', () => {
    const two = () => asked().suspectsTransfer().reports('accepted');
    expect(two().says('YES').caseKinds).toEqual([]);
    const world = two().says('NO');
    const { transactionIds } = world.questions()[1]!;
    expect(world.cases).toMatchObject([{ kind: 'unclear-answer', transactionIds }]);
    expect(world.told.at(-1)).toBe('sms:which-card');
  });

  it('asks which card when two questions are open', () => {
    const world = asked()
      .suspects({ id: 't-2', card: { token: 'card-2', last4: '9876' } })
      .says('NO');
    expect(world.told.at(-1)).toBe('sms:which-card');
    expect(world.deliveries.at(-1)!.content.cards).toEqual(['1234', '9876']);
    expect(world.labels).toEqual([]);
    world.says('NO 9876');
    expect(world.labels).toEqual(['t-2:fraud']);
    expect(world.questions().map(({ state }) => state)).toEqual(['open', 'answered-no']);
  });

  describe('of two cards with the same last digits', () => {
    const twins = () =>
      asked()
        .suspects({ id: 't-2', card: { token: 'card-2', last4: '1234' } })
        .reports('accepted')
        .in(seconds(9));

    it.each(['NO 1234', 'NO', 'NO STOP'])('means both by %s', (text) => {
      const world = twins().says(text);
      expect([...world.labels].sort()).toEqual(['t-1:fraud', 't-2:fraud']);
      expect(world.requests.map(({ cardToken }) => cardToken).sort()).toEqual(['card-1', 'card-2']);
      expect(world.questions().map(({ state }) => state)).toEqual(['answered-no', 'answered-no']);
    });

    it.each(['YES 1234', 'YES'])('means none in particular by %s: a person looks at each', (text) => {
      const world = twins().says(text);
      expect(world.labels).toEqual([]);
      expect(world.cases.map(({ kind, transactionIds }) => [kind, ...transactionIds]).sort()).toEqual([
        ['unclear-answer', 't-1'],
        ['unclear-answer', 't-2'],
      ]);
      expect(world.told.at(-1)).toBe('sms:clarification');
    });
  });

  it('asks for clarification twice, then a person looks', () => {
    const world = asked();
    for (let n = 0; n < 4; n += 1) world.says('yes but not really');
    expect(world.told.filter((told) => told === 'sms:clarification')).toHaveLength(2);
    expect(world.caseKinds).toEqual(['unclear-answer']);
  });

  it('never loses a word that it does not know: stored, counted, and a case while a question is open', () => {
    const world = asked().says('who are you');
    expect(world.caseKinds).toEqual(['unclear-answer']);
    expect(world.counts).toContain('replies unknown');
    expect(world.state<{ unread: unknown[] }>('a:bank:cus-1')!.unread).toMatchObject([{ text: 'who are you' }]);
    const idle = new AlertWorld().customer().says('hello').says('hello again');
    expect(idle.caseKinds).toEqual([]);
    expect(idle.told).toEqual(['sms:help']);
  });

  it('calls a person who is asked for', () => {
    const world = asked().says('agent');
    expect(world.cases).toMatchObject([{ kind: 'agent-wanted', severity: 'high' }]);
    expect(world.told.at(-1)).toBe('sms:agent');
    expect(world.questions()[0]).toMatchObject({ state: 'open' });
  });

  it('does nothing for an address that is not the customer’s', () => {
    const world = asked().says('NO', { address: '+000' }).says('HELP', { address: '+000' });
    expect(world.labels).toEqual([]);
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.counts).toContain('replies foreign-address');
  });

  it('applies a reply once, however often it is appended', () => {
    const world = asked();
    world.says('no', { id: 'sms:same' }).says('no', { id: 'sms:same' });
    expect(world.requests).toHaveLength(1);
    expect(world.told).toEqual(['sms:fraud-check']);
  });
});

describe('STOP, HELP, START', () => {
  it('stops the channel before anything else, confirms once, within five minutes', () => {
    const world = asked();
    const before = world.outputs.length;
    world.says('STOP').says('stop');
    const [contact, , , confirmation] = world.outputs.slice(before).map(({ value }) => value);
    expect(contact).toMatchObject({ type: 'contact', channel: 'sms', stopped: true });
    expect(confirmation).toMatchObject({
      type: 'delivery',
      content: { kind: 'stop-confirmation' },
      evenIfStopped: true,
      expiresAt: world.now + minutes(5),
    });
    expect(world.told).toEqual(['sms:fraud-check', 'sms:stop-confirmation']);
  });

  it('keeps the question open, records a later NO with a case, and sends no text back', () => {
    const world = asked().says('STOP');
    const said = world.told.length;
    world.in(minutes(5)).says('NO').bankSays('accepted').in(hours(30));
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.caseKinds).toContain('customer-says-fraud');
    expect(world.told).toHaveLength(said);
  });

  it('obeys, and answers nothing, where another application owns the conversation', () => {
    const quiet = asked().says('what is this', { standby: true }).says('HELP', { standby: true });
    expect(quiet.told).toEqual(['sms:fraud-check']);
    expect(quiet.caseKinds).toEqual([]);
    const stopped = asked().says('STOP', { standby: true });
    expect(stopped.told).toEqual(['sms:fraud-check']);
    expect(stopped.contact('sms')).toMatchObject({ stopped: true });
  });

  it('takes a tap on a button of ours there for the answer that it is, and answers nothing in that conversation', () => {
    const tapped = (what: 'Y' | 'N') => {
      const world = asked().link();
      return world.taps(`Q:${world.questions()[0]!.id}:${what}`, { channel: 'messenger', standby: true });
    };
    const no = tapped('N');
    expect(no.labels).toEqual(['t-1:fraud']);
    expect(no.requests).toHaveLength(1);
    expect(no.caseKinds).toEqual(['customer-says-fraud']);
    const yes = tapped('Y');
    expect(yes.labels).toEqual(['t-1:genuine']);
    for (const world of [no, yes]) expect(world.told).toEqual(['sms:fraud-check']);
    // What is written there is said to somebody else.
    expect(asked().says('NO', { standby: true }).labels).toEqual([]);
  });

  it('opens the window, and says nothing, for a tap that only opens the conversation', () => {
    const opening = { channel: 'messenger', payload: 'START', opening: true } as const;
    const world = asked().link().says('Get started', opening);
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.caseKinds).toEqual([]);
    expect(world.contact('messenger')).toHaveProperty('windowExpiresAt');
  });

  it('takes "NO STOP" for both', () => {
    const world = asked().says('NO STOP');
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    expect(world.requests).toHaveLength(1);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:stop-confirmation']);
  });

  it('has a person look at a stop in plain language', () => {
    const world = asked().says('please stop texting me');
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    expect(world.caseKinds).toEqual(['review-stop']);
  });

  it.each(['Cancel the card', 'STOP yes no'])('has a person read what stands beside a stop: %s', (text) => {
    const world = asked().says(text);
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    expect(world.cases).toMatchObject([{ kind: 'unclear-answer', severity: 'high', transactionIds: ['t-1'] }]);
    expect(world.told).toEqual(['sms:fraud-check', 'sms:stop-confirmation']);
    expect(world.questions()[0]).toMatchObject({ state: 'open' });
    expect(new AlertWorld().customer().says(text).caseKinds).toEqual([]);
  });

  it('has a person read it for every card that is asked about', () => {
    const world = asked().suspects({ id: 't-2', card: { token: 'card-2', last4: '9876' } });
    expect(world.says('NO STOP').caseKinds).toEqual(['unclear-answer', 'unclear-answer']);
  });

  it('takes a NO to begin with for both, whatever stands behind it', () => {
    const world = asked().says('NO. Please stop the payment');
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    expect(world.labels).toEqual(['t-1:fraud']);
    expect(world.requests).toHaveLength(1);
    expect(world.caseKinds).toEqual(['review-stop', 'customer-says-fraud']);
  });

  it('does no more than stop for an address that is not the customer’s', () => {
    const world = asked().says('NO STOP', { address: '+000' }).says('Cancel the card', { address: '+000' });
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    expect(world.labels).toEqual([]);
    expect(world.caseKinds).toEqual([]);
  });

  it('tells fraud on a channel that is not stopped', () => {
    const world = new AlertWorld().customer().says('stop').suspects();
    expect(world.told).toEqual(['sms:stop-confirmation', 'email:fraud-check']);
  });

  it('tells what becomes suspicious after a STOP on a channel that is still open, and once', () => {
    const world = new AlertWorld().customer().suspects().says('STOP').suspects().suspects();
    expect(world.told).toEqual(['sms:fraud-check', 'sms:stop-confirmation', 'email:fraud-check']);
    expect(world.questions()[0]).toMatchObject({ state: 'open', muted: false });
  });

  it('leaves a message as it was where no channel is open to say more, also when a reminder is due', () => {
    const world = asked().says('STOP');
    const message = () => world.state(messageEntry(`${tenantId}:${customerId}`, world.deliveries[0]!.alertId));
    const before = message();
    world.suspects().in(minutes(11));
    expect(before).toBeDefined();
    expect(world.questions()[0]!.transactionIds).toHaveLength(2);
    expect(message()).toEqual(before);
  });

  it('does not send what was waiting when STOP came', () => {
    const world = new AlertWorld().customer({ order: ['sms'], addresses: { sms: '+359880000001' } });
    world.consent('grant', 'sms', 'account-alert').purchase().in(seconds(3)).says('stop').in(minutes(5));
    expect(world.told).toEqual(['sms:stop-confirmation']);
  });

  it('answers HELP even when stopped', () => {
    const world = asked().says('stop').says('help');
    expect(world.deliveries.at(-1)).toMatchObject({ content: { kind: 'help' }, evenIfStopped: true });
  });

  it('answers nothing but HELP after a STOP, and stores what it does not know', () => {
    const world = new AlertWorld().customer().says('stop');
    for (const text of ['hello', 'what is this', 'BALANCE', 'agent']) world.in(minutes(61)).says(text);
    expect(world.told).toEqual(['sms:stop-confirmation']);
    expect(world.counts.filter((line) => line === 'replies unknown')).toHaveLength(2);
    expect(world.state<{ unread: unknown[] }>('a:bank:cus-1')!.unread).toHaveLength(2);
    world.says('HELP');
    expect(world.told).toEqual(['sms:stop-confirmation', 'sms:help']);
  });

  it('does not let help that nobody asked for leave after a STOP that overtakes it', () => {
    const [help] = new AlertWorld().customer().says('hello').deliveries;
    expect(help).toMatchObject({ content: { kind: 'help' } });
    expect(help!.evenIfStopped).toBeUndefined();
  });

  it('opens the channel again by START, as a new line of the ledger', () => {
    const world = asked().says('stop').in(1000).says('start');
    expect(world.contact('sms')).toMatchObject({ stopped: false });
    expect(world.told.at(-1)).toBe('sms:start-confirmation');
    const snapshot = world.of<{ profile: { consents: { ledger: { action: string }[] } } }>('customer').at(-1)!;
    expect(snapshot.profile.consents.ledger.map(({ action }) => action)).toEqual(['revoke', 'grant']);
    world.suspects({ card: { token: 'c-5' } });
    expect(world.told.at(-1)).toBe('sms:fraud-check');
  });

  it('tells the senders of a START that is not obeyed too, because they wait for its contact', () => {
    const world = asked().to('10:10:00').says('stop').in(1000);
    const elsewhere = { address: '+000' };
    const late = { acceptedAt: clock('10:05:00') };
    for (const given of [elsewhere, { standby: true }, late, { id: 'sms:same' }, { id: 'sms:same' }]) {
      const before = world.contacts.length;
      world.says('START', given);
      expect(world.contacts.slice(before).map(({ channel }) => channel)).toEqual(['sms', 'sms']);
      expect(world.contact('sms')!.stopped).toBe(!('id' in given));
    }
  });

  it('opens the window by a message that stops, and never tells senders of the one without the other', () => {
    const world = asked().link();
    const before = world.contacts.length;
    world.says('STOP', { channel: 'messenger' });
    expect(world.contacts.slice(before).map(({ stopped }) => stopped)).toEqual([true, true]);
    expect(world.contact('messenger')).toMatchObject({ windowExpiresAt: world.now + hours(24) });
  });

  it('gives by START no more than that something happened, where nothing was allowed', () => {
    const world = new AlertWorld().customer({ addresses: {} }).link().says('START', { channel: 'messenger' });
    expect(world.contact('messenger')!.allowed['fraud-protection']).toMatchObject({ classes: ['existence'] });
  });

  it('does not answer what the provider has answered', () => {
    const world = asked().says('STOP', { providerHandled: 'stop' }).says('HELP', { providerHandled: 'help' });
    world.in(1000).says('START', { providerHandled: 'start' });
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.contact('sms')).toMatchObject({ stopped: false });
  });

  it('takes a YES that the provider took for START for the answer, and no consent, and tells those who wait for a contact', () => {
    const world = asked();
    const before = world.contacts.length;
    world.says('YES', { providerHandled: 'start' });
    expect(world.labels).toEqual(['t-1:genuine']);
    expect(world.state<{ ledger: unknown[] }>('c:bank:cus-1')?.ledger ?? []).toEqual([]);
    expect(world.contacts.slice(before).map(({ channel }) => channel)).toEqual(['sms', 'sms']);
    const stopped = asked().says('STOP').in(1000).says('YES', { providerHandled: 'start' });
    expect(stopped.labels).toEqual(['t-1:genuine']);
    expect(stopped.contact('sms')).toMatchObject({ stopped: true });
  });

  it('lets no late START undo a newer STOP, nor the reverse', () => {
    const world = asked()
      .to('10:10:00')
      .says('stop')
      .says('start', { acceptedAt: clock('10:05:00') });
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    world
      .to('10:20:00')
      .says('start')
      .says('stop', { acceptedAt: clock('10:05:00') });
    expect(world.contact('sms')).toMatchObject({ stopped: false });
  });
});

describe('reminders', () => {
  const two = () => new AlertWorld().to('10:00:00').customer().suspects({ id: 't-1' });

  it('reminds after 10 and 60 minutes on the next channel, three messages in all, and calls staff after 30', () => {
    const world = two().reports('accepted').reports('delivered').in(minutes(10));
    expect(world.told).toEqual(['sms:fraud-check', 'email:fraud-check']);
    world.reports('accepted').in(minutes(20));
    expect(world.caseKinds).toEqual(['unanswered']);
    world.in(minutes(31));
    expect(world.told).toEqual(['sms:fraud-check', 'email:fraud-check', 'push:fraud-check']);
    world.in(hours(20));
    expect(world.told).toHaveLength(3);
  });

  it('stops at any answer', () => {
    const world = two().reports('accepted').reports('delivered').says('yes').in(hours(2));
    expect(world.told).toEqual(['sms:fraud-check', 'sms:answer-yes']);
    expect(world.caseKinds).toEqual([]);
  });

  it('counts from the hand-over, not from the decision', () => {
    const world = two().in(hours(2)).reports('accepted').reports('delivered').in(minutes(9));
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.caseKinds).toEqual([]);
    world.in(minutes(1));
    expect(world.told).toHaveLength(2);
  });

  it('can be turned off', () => {
    const world = new AlertWorld({ timing: { remindAfterMs: [], unansweredAfterMs: 0 } });
    asked(world).in(hours(20));
    expect(world.told).toHaveLength(1);
    expect(world.caseKinds).toEqual([]);
  });
});
