import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { configuredChannels } from './channel-table.ts';
import { readSettings } from './read-settings.ts';

const sid = '0'.repeat(32);
const twilio = { accountSid: `AC${sid}`, password: 'p', authTokens: ['t'], from: '+35924000000' };
const generic = { url: 'https://gateway.example/send', body: '{"to":{{to|json}},"text":{{text|json}}}' };
const verification = { kind: 'secret', parameter: 's', secrets: ['0123456789abcdef'] };
const receipts = { state: '/s', states: [{ value: '1', state: 'delivered' }], to: '/t', ref: '/r' };
const inbound = { from: '/f', text: '/t', id: '/i' };

const capabilitiesOf = (sms: object) => {
  const text = stringify({ secret: 's'.repeat(32), tenants: { bank: { bankName: 'Bank' } }, channels: { sms } });
  const { channels, problems } = configuredChannels(readSettings(text, {}));
  expect(problems).toEqual([]);
  const { receipts: reported, replies, perSecond } = channels[0]!.channel.capabilities;
  return { reported, replies, perSecond };
};

describe('what a channel can, as it is configured', () => {
  it.each([
    ['all of it', { ...twilio, statusCallbackUrl: 'https://bank.example/webhooks/sms' }, true, true],
    ['no reports without an address for them', twilio, false, true],
    ['no answers to a sender that is a name', { ...twilio, from: 'My Bank' }, false, false],
    ['answers to a pool of senders', { ...twilio, from: 'My Bank', messagingServiceSid: `MG${sid}` }, false, true],
  ])('Twilio: %s', (_, options, reported, replies) => {
    expect(capabilitiesOf({ twilio: options })).toEqual({ reported, replies, perSecond: 100 });
  });

  it.each([
    ['all of it', { verification, receipts, inbound }, true, true],
    ['no reports that nobody reads', { verification, inbound }, false, true],
    ['no answers that nobody reads', { verification, receipts }, true, false],
    ['neither', {}, false, false],
  ])('a described gateway: %s', (_, more, reported, replies) => {
    expect(capabilitiesOf({ provider: 'generic', generic: { ...generic, ...more }, perSecond: 5 })).toEqual({
      reported,
      replies,
      perSecond: 5,
    });
  });
});
