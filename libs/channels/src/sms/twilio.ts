import { canonicalAddress } from '@tocsin/core';
import type { ChannelTools, OpenChannel } from '@tocsin/core';
import { exchange } from '../http.ts';
import { outcomeOfAnswer } from './twilio-errors.ts';
import type { TwilioOptions } from './twilio-options.ts';

/** What the Messages API takes as a body. */
const maxBody = 1_600;

/** Sends by the Messages API, version 2010-04-01: a form POST with Basic authentication. */
export function openTwilio(options: TwilioOptions, tools: ChannelTools): OpenChannel {
  const { accountSid, apiKeySid, password } = options;
  const url = `${options.baseUrl.replace(/\/+$/, '')}/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${apiKeySid ?? accountSid}:${password}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };

  return {
    async send({ address }, { text }, { key, now, signal }) {
      if (text.length > maxBody) return { kind: 'permanent', code: 'text-too-long', nothingLeft: true };
      const form = new URLSearchParams({
        // E.164, which the API asks for; banks write numbers for people.
        To: canonicalAddress('sms', address),
        ...senderOf(options),
        Body: text,
        ValidityPeriod: String(options.validitySeconds),
        // The provider keeps neither text nor number after the hand-over.
        ContentRetention: 'discard',
        AddressRetention: 'obfuscate',
        ...(options.statusCallbackUrl === undefined ? {} : { StatusCallback: withKey(options.statusCallbackUrl, key) }),
      });
      const answer = await exchange(tools, { url, method: 'POST', headers, body: form.toString() }, signal);
      return answer.kind === 'answered' ? outcomeOfAnswer(answer, now) : answer.outcome;
    },
  };
}

const senderOf = ({ from, messagingServiceSid }: TwilioOptions): Record<string, string> =>
  messagingServiceSid === undefined ? { From: from ?? '' } : { MessagingServiceSid: messagingServiceSid };

/** Status reports come back to an address of their own for each message: so one can be matched whose answer was lost. */
function withKey(callback: string, key: string): string {
  const url = new URL(callback);
  url.searchParams.set('key', key);
  return url.href;
}
