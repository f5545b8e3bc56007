import { defineChannel } from '@tocsin/core';
import type { ChannelTools, OpenChannel, Outcome } from '@tocsin/core';
import { hmac } from '../hmac.ts';
import { exchange } from '../http.ts';
import { outcomeOfAnswer, windowClosed } from './messenger-errors.ts';
import { freeMessage, utilityMessage } from './messenger-messages.ts';
import { MessengerOptions } from './messenger-options.ts';
import { messengerWebhook } from './messenger-webhook.ts';

const maxLength = 2_000;

/**
 * Facebook Messenger by the Messenger Platform's Send API. Free text inside the 24-hour window that the customer opens,
 * an approved utility template outside it, otherwise nothing: then another channel tells.
 */
export const messenger = defineChannel({
  id: 'messenger',
  title: 'Facebook Messenger',
  options: MessengerOptions,
  capabilities: {
    maxLength,
    buttons: true,
    receipts: true,
    replies: true,
    window: true,
    perSecond: 300,
    thirdParty: true,
    defaultClasses: ['existence', 'amount', 'merchant', 'time', 'last4'],
  },
  provider: ({ pageId }) => ({ name: 'Meta Messenger', account: pageId }),
  open: (options, tools) => openMessenger(options, tools),
  webhook: messengerWebhook,
});

function openMessenger(options: MessengerOptions, tools: ChannelTools): OpenChannel {
  const url = new URL(`${options.baseUrl.replace(/\/+$/, '')}/${options.version}/${options.pageId}/messages`);
  if (options.appSecretProof) {
    url.searchParams.set(
      'appsecret_proof',
      hmac('sha256', options.appSecrets[0] ?? '', options.accessToken).toString('hex'),
    );
  }
  const request = {
    url: url.href,
    method: 'POST',
    headers: { authorization: `Bearer ${options.accessToken}`, 'content-type': 'application/json' },
  };

  return {
    async send(recipient, message, { key, now, signal }) {
      const post = async (body: object): Promise<Outcome> => {
        const answer = await exchange(tools, { ...request, body: JSON.stringify(body) }, signal);
        return answer.kind === 'answered' ? outcomeOfAnswer(answer, now) : answer.outcome;
      };

      let refused = false;
      if ((recipient.windowExpiresAt ?? 0) > now + options.windowMarginMs) {
        if (message.text.length > maxLength) return { kind: 'permanent', code: 'text-too-long', nothingLeft: true };
        const outcome = await post(freeMessage(recipient.address, message, key));
        // Meta's own window can be shorter than ours. It then certainly sent nothing, so the template may follow at once.
        if (!(outcome.kind === 'ineligible' && outcome.code === windowClosed)) return outcome;
        refused = true;
      }
      const utility = utilityMessage(recipient.address, message, key, options);
      if (utility === undefined)
        return { kind: 'ineligible', code: windowClosed, ...(refused ? {} : { nothingLeft: true }) };
      const outcome = await post(utility);
      // What became of the template says nothing of the free text, which Meta was given.
      return refused && 'nothingLeft' in outcome ? { ...outcome, nothingLeft: false } : outcome;
    },
  };
}
