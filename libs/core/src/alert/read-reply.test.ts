import { describe, expect, it } from '@jest/globals';
import { readReply } from './read-reply.ts';
import type { AskedQuestion } from './read-reply.ts';
import { isStop } from './stop-words.ts';

const open: AskedQuestion = { id: 'q1', state: 'open', last4: '1234', listed: 1, changedAt: 10 };
const list: AskedQuestion = { ...open, listed: 3 };
const other: AskedQuestion = { id: 'q2', state: 'open', last4: '9876', listed: 1, changedAt: 20 };
const yes: AskedQuestion = { ...open, state: 'answered-yes' };
const twin: AskedQuestion = { ...other, last4: '1234' };
const no: AskedQuestion = { ...open, state: 'answered-no' };
const over: AskedQuestion = { ...open, state: 'expired' };

const answer = (said: 'yes' | 'no', more: object = {}) => ({ kind: 'answer', answer: said, questionId: 'q1', ...more });
const stop = { kind: 'stop', review: false };

describe('what a reply means', () => {
  it.each([
    // Words, as people type them.
    ...[
      'YES',
      'yes',
      ' Yes! ',
      'Y',
      'yep',
      'Yeah.',
      'ok yes',
      'It was me',
      'me',
      '👍',
      '👍🏽',
      'Y.E.S',
      'ДА',
      'да, аз бях',
      'Ja',
      'sí',
      'OUI',
      'yes please',
    ].map((text) => [text, [open], answer('yes')] as const),
    ...[
      'NO',
      'n',
      'Nope',
      'not me',
      'FRAUD!',
      '👎',
      '👎️',
      'не',
      'Не съм аз',
      'Nein',
      'non',
      'no, not me',
      'it wasn’t me',
      'ＮＯ',
      'no thanks',
    ].map((text) => [text, [open], answer('no')] as const),
    // STOP always wins, also inside a question and with more words behind it.
    ...[
      'STOP',
      'stop',
      ' Stop. ',
      'S.T.O.P!',
      's t o p',
      'STOPALL',
      'quit',
      'END',
      'revoke',
      'opt out',
      'Opt-Out',
      'OPTOUT',
      'cancel',
      'Unsubscribe',
      'ARRÊT',
      'arret',
      'remove',
      'TD',
      'стоп',
      'Stopp!',
      'STOP sending me this',
    ].map((text) => [text, [open], stop] as const),
    ['stop', [], stop],
    ['NO STOP', [open], { ...stop, answer: 'no', questionId: 'q1' }],
    ['STOP, NO', [open], { ...stop, answer: 'no', questionId: 'q1' }],
    ['NO STOP', [], stop],
    ['NO STOP', [open, other], { ...stop, unclear: true }],
    ['NO STOP', [open, twin], { ...stop, answer: 'no', questionId: 'q2', also: ['q1'] }],
    // What is said beside it may report a fraud.
    ...[
      'Cancel the card',
      'cancel card',
      'Cancel it',
      'please stop this',
      'STOP 1234',
      'stop, that was not my payment',
      'STOP yes no',
      'please stop texting me, I was robbed',
    ].map((text) => [text, [open], { ...stop, review: /^please/.test(text), unclear: true }] as const),
    ['Cancel the card', [], stop],
    ['Cancel the card', [yes], stop],
    ...['STOP alerts', 'stop all messages please', 'remove me', 'Opt out me', 'stop sending me these texts'].map(
      (text) => [text, [open], stop] as const,
    ),
    ['NO. Please stop the payment', [open], { ...stop, review: true, answer: 'no', questionId: 'q1' }],
    ['not me! please stop it', [open], { ...stop, review: true, answer: 'no', questionId: 'q1' }],
    ['NO. Please stop the payment', [open, other], { ...stop, review: true, unclear: true }],
    ['NO please stop, it was me', [open], { ...stop, unclear: true }],
    ['no more texts', [open], { ...stop, review: true }],
    ['no more texts about my card', [open], { ...stop, review: true, unclear: true }],
    ...['please stop texting me', 'no mas', 'Leave me alone!', "Don't text me", 'I want no more messages'].map(
      (text) => [text, [open], { kind: 'stop', review: true }] as const,
    ),
    // Numbers, only while a question is open.
    ['1', [open], answer('yes')],
    ['2', [open], answer('no')],
    ['3', [open], { kind: 'unknown', questionId: 'q1' }],
    // Where payments are numbered, a number alone may name one of them: it must confirm no other.
    ['1', [list], { kind: 'unknown', questionId: 'q1' }],
    ['2', [list], answer('no')],
    ['1', [open, { ...twin, listed: 2 }], { kind: 'unknown', questionId: 'q2' }],
    ['1', [], { kind: 'unknown' }],
    ['2', [yes], { kind: 'unknown' }],
    // Items of a list, and cards.
    ['NO 2', [list], answer('no', { item: 2 })],
    ['no, number 3', [list], answer('no', { item: 3 })],
    ['YES 1', [list], answer('yes', { item: 1 })],
    ['NO 4', [list], { kind: 'unclear', questionId: 'q1' }],
    ['NO 2', [open], { kind: 'unclear', questionId: 'q1' }],
    ['NO', [list], answer('no')],
    ['NO', [open, other], { kind: 'which-card', answer: 'no' }],
    ['2', [open, other], { kind: 'which-card', answer: 'no' }],
    ['NO 1234', [open, other], answer('no')],
    ['no card ..9876', [open, other], { kind: 'answer', answer: 'no', questionId: 'q2' }],
    ['NO 1234', [open, twin], { kind: 'answer', answer: 'no', questionId: 'q2', also: ['q1'] }],
    ['NO', [open, twin], { kind: 'answer', answer: 'no', questionId: 'q2', also: ['q1'] }],
    ['YES 1234', [open, twin], { kind: 'unclear', questionId: 'q2', also: ['q1'] }],
    ['yes', [open, twin], { kind: 'unclear', questionId: 'q2', also: ['q1'] }],
    ['YES 1234', [{ ...open, unseen: true }, twin], { kind: 'answer', answer: 'yes', questionId: 'q2' }],
    ['NO', [open, twin, { ...other, id: 'q3' }], { kind: 'which-card', answer: 'no' }],
    ['NO 5555', [open, other], { kind: 'unclear', questionId: 'q2' }],
    // Not clear.
    ['YES BUT NOT THE SECOND ONE', [list], { kind: 'unclear', questionId: 'q1' }],
    ['NO I DID IT', [open], { kind: 'unclear', questionId: 'q1' }],
    ['yes no', [open], { kind: 'unclear', questionId: 'q1' }],
    ['what is this', [open], { kind: 'unknown', questionId: 'q1' }],
    ['what is this', [], { kind: 'unknown' }],
    ['', [open], { kind: 'unknown', questionId: 'q1' }],
    // After the question.
    ['YES', [yes], { kind: 'answered-before', answer: 'yes', previous: 'yes', questionId: 'q1' }],
    ['NO', [yes], { kind: 'answered-before', answer: 'no', previous: 'yes', questionId: 'q1' }],
    ['NO', [no], { kind: 'answered-before', answer: 'no', previous: 'no', questionId: 'q1' }],
    ['NO', [over], { kind: 'late', answer: 'no', questionId: 'q1' }],
    ['YES', [], { kind: 'unknown' }],
    // An open question comes before one that is over.
    ['YES', [no, { ...other }], { kind: 'answer', answer: 'yes', questionId: 'q2' }],
    // The rest.
    ['HELP', [open], { kind: 'help' }],
    ['info', [], { kind: 'help' }],
    ['ПОМОЩ', [], { kind: 'help' }],
    ['Hilfe', [], { kind: 'help' }],
    ['help me please', [open], { kind: 'help' }],
    ['START', [], { kind: 'start' }],
    ['unstop', [], { kind: 'start' }],
    ['agent', [open], { kind: 'human' }],
    ['a human please', [open], { kind: 'human' }],
    ['BALANCE', [], { kind: 'balance' }],
  ] as const)('%j', (text, questions, meaning) => {
    expect(readReply({ text }, questions, false)).toEqual(meaning);
  });

  it('reads YES as START only when the channel is stopped and nothing is asked', () => {
    expect(readReply({ text: 'yes' }, [], true)).toEqual({ kind: 'start' });
    expect(readReply({ text: 'yes' }, [open], true)).toEqual(answer('yes'));
    expect(readReply({ text: 'no' }, [], true)).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['Q:q1:Y', [open], answer('yes')],
    ['Q:q1:N', [open], answer('no')],
    ['Q:q1:N', [open, other], answer('no')],
    ['Q:q1:Y', [yes], { kind: 'answered-before', answer: 'yes', previous: 'yes', questionId: 'q1' }],
    ['Q:q1:N', [over], { kind: 'late', answer: 'no', questionId: 'q1' }],
    ['Q:gone:N', [open], { kind: 'stale-tap' }],
    ['Q:q1:X', [open], { kind: 'unknown', questionId: 'q1' }],
    ['STOP', [open], stop],
  ] as const)('checks the button %j against what is asked', (payload, questions, meaning) => {
    expect(readReply({ payload }, questions, false)).toEqual(meaning);
  });

  it.each([
    ['STOP', 'Спри известията', stop],
    ['START', 'Get started', { kind: 'start' }],
    ['HELP', 'Was kann ich hier tun?', { kind: 'help' }],
    ['SOMETHING_ELSE', 'STOP', stop],
    ['SOMETHING_ELSE', 'Yes, it was me', answer('yes')],
    ['STOP_ALERTS', 'Спри известията', stop],
    ['HELP', 'Stop', stop],
    ['SUBSCRIBE_TO_NEWS', 'News', { kind: 'unknown', questionId: 'q1' }],
  ] as const)('takes a tap for its payload %j, not for its label %j', (payload, text, meaning) => {
    expect(readReply({ payload, text }, [open], false)).toEqual(meaning);
  });

  it('reads nothing into a tap that only opens the conversation, unless it is a stop', () => {
    const opening = true;
    expect(readReply({ text: 'Get started', payload: 'START', opening }, [open], true)).toEqual({ kind: 'opening' });
    expect(readReply({ text: 'Stop', payload: 'STOP', opening }, [open], false)).toEqual(stop);
    expect(readReply({ text: 'STOP', payload: 'START', opening }, [open], false)).toEqual(stop);
  });

  it('believes a provider that has read the word itself', () => {
    expect(readReply({ text: 'whatever', providerHandled: 'stop' }, [open], false)).toEqual(stop);
    expect(readReply({ text: 'JOIN', providerHandled: 'start' }, [], true)).toEqual({ kind: 'start' });
    expect(readReply({ text: '?', providerHandled: 'help' }, [open], false)).toEqual({ kind: 'help' });
  });

  it('takes a YES for the answer to an open question, also where the provider took it for START', () => {
    const started = { text: 'Yes', providerHandled: 'start' } as const;
    expect(readReply(started, [open], false)).toEqual(answer('yes'));
    expect(readReply(started, [open], true)).toEqual(answer('yes'));
    expect(readReply(started, [open, other], false)).toEqual({ kind: 'which-card', answer: 'yes' });
    expect(readReply(started, [], false)).toEqual({ kind: 'start' });
    expect(readReply(started, [yes], false)).toEqual({ kind: 'start' });
    expect(readReply({ ...started, text: 'START' }, [open], false)).toEqual({ kind: 'start' });
  });
});

describe('isStop', () => {
  it.each(['STOP', 'no stop', 'please stop texting me', 'S.T.O.P', 'End', 'Cancel it'])('%j revokes', (text) => {
    expect(isStop(text)).toBe(true);
  });

  it.each(['', 'NO', 'YES', 'the bus stop', 'weekend', 'help', 'stopped by the shop', '2'])('%j does not', (text) => {
    expect(isStop(text)).toBe(false);
  });
});
