import type { Channel } from '@tocsin/core';
import { email } from './email/email.ts';
import { messenger } from './messenger/messenger.ts';
import { sms } from './sms/sms.ts';

/** Every channel there is. A new one is one folder and one line here. */
export const channels: readonly Channel[] = [messenger, sms, email];

export { httpTools } from './http-tools.ts';
export { email, messenger, sms };
export { EmailOptions } from './email/email-options.ts';
export { MessengerOptions } from './messenger/messenger-options.ts';
export { SmsOptions } from './sms/sms.ts';
