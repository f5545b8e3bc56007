import type { DemoEvent } from './demo-hub.ts';

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const channelNames: Readonly<Record<string, string>> = { messenger: 'Messenger', sms: 'SMS', email: 'e-mail' };

/** One event as a line for the terminal, or null where it would only be noise. */
export function terminalLine(event: DemoEvent, now: number = Date.now()): string | null {
  const at = clock.format(now);
  switch (event.type) {
    case 'transaction':
      return `${at}  payment   ${event.account.padEnd(7)} ${event.amount.padStart(12)}  ${event.merchant}${event.status === 'declined' ? ' (declined)' : ''}`;
    case 'finding':
      return `${at}  FINDING   score ${event.score.toFixed(2)}: ${event.evidence.map(({ rule, summary }) => `${rule}: ${summary}`).join('; ')}`;
    case 'message':
      return `${at}  MESSAGE   to Ana by ${channelNames[event.channel] ?? event.channel}: ${event.text}`;
    case 'disclosure':
      return `${at}  left      ${event.fields.join(', ')}; to ${event.provider}; for ${event.purpose}; on ${event.ground}`;
    case 'reply':
      return `${at}  REPLY     Ana by ${channelNames[event.channel] ?? event.channel}: ${event.text}`;
    case 'request':
      return `${at}  REQUEST   freeze the card of ${event.account}: ${event.reason}`;
    case 'answer':
      return `${at}  ANSWER    the bank ${event.answer} the freeze`;
    case 'consents':
      return null;
  }
}
