import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, ValidateIf, ValidateNested } from 'class-validator';
import { defineChannel } from '@tocsin/core';
import { openGateway } from './gateway.ts';
import { GatewayOptions } from './gateway-options.ts';
import { gatewayWebhook } from './gateway-webhook.ts';
import { openTwilio } from './twilio.ts';
import { TwilioOptions } from './twilio-options.ts';
import { twilioWebhook } from './twilio-webhook.ts';

/** Options of the channel `sms`. */
export class SmsOptions {
  /** `twilio`: Twilio's Messages API or a provider that speaks it. `generic`: any HTTP gateway, described by templates. */
  @IsIn(['twilio', 'generic']) provider: 'twilio' | 'generic' = 'twilio';

  /** Needed with the provider `twilio`. */
  @ValidateIf(({ provider }: SmsOptions) => provider === 'twilio')
  @IsDefined()
  @ValidateNested()
  @Type(() => TwilioOptions)
  twilio?: TwilioOptions;

  /** Needed with the provider `generic`. */
  @ValidateIf(({ provider }: SmsOptions) => provider === 'generic')
  @IsDefined()
  @ValidateNested()
  @Type(() => GatewayOptions)
  generic?: GatewayOptions;
}

/** Text messages to a mobile number, over the HTTP interface of a provider. */
export const sms = defineChannel({
  id: 'sms',
  title: 'Text message',
  options: SmsOptions,
  capabilities: {
    // Three concatenated parts of 153 GSM-7 characters.
    maxLength: 459,
    segmented: true,
    buttons: false,
    receipts: true,
    replies: true,
    window: false,
    perSecond: 100,
    thirdParty: false,
    defaultClasses: ['existence', 'amount', 'merchant', 'time', 'last4'],
  },
  without(options) {
    const chosen = choose(options);
    if (chosen.provider === 'generic') {
      const { receipts, inbound } = chosen.generic;
      return { receipts: receipts !== undefined, replies: inbound !== undefined };
    }
    const { statusCallbackUrl, messagingServiceSid, from = '' } = chosen.twilio;
    // Nobody can answer a name.
    const answerable = messagingServiceSid !== undefined || /^\+?\d+$/.test(from);
    return { receipts: statusCallbackUrl !== undefined, replies: answerable };
  },
  provider(options) {
    const chosen = choose(options);
    if (chosen.provider === 'generic') {
      const { name, url, account } = chosen.generic;
      return { name: name ?? hostOf(url), account };
    }
    const { baseUrl, accountSid } = chosen.twilio;
    const host = hostOf(baseUrl);
    return { name: host === 'api.twilio.com' ? 'Twilio' : host, account: accountSid };
  },
  open(options, tools) {
    const chosen = choose(options);
    return chosen.provider === 'twilio' ? openTwilio(chosen.twilio, tools) : openGateway(chosen.generic, tools);
  },
  webhook(options, request) {
    const chosen = choose(options);
    return chosen.provider === 'twilio'
      ? twilioWebhook(chosen.twilio, request)
      : gatewayWebhook(chosen.generic, request);
  },
});

type Chosen =
  | { readonly provider: 'twilio'; readonly twilio: TwilioOptions }
  | { readonly provider: 'generic'; readonly generic: GatewayOptions };

function choose({ provider, twilio, generic }: SmsOptions): Chosen {
  if (provider === 'twilio' && twilio !== undefined) return { provider, twilio };
  if (provider === 'generic' && generic !== undefined) return { provider, generic };
  throw new Error(`The channel sms needs the options of its provider under "${provider}".`);
}

const hostOf = (url: string): string => new URL(url.replaceAll(/\{\{.*?\}\}/g, '')).host;
