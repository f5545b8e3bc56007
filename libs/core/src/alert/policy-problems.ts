import { dataClasses, purposes } from '../consent.ts';
import type { ChannelId } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { ChannelTable } from './policy.ts';

/** A partition keeps a policy in one entry: larger ones are refused, so that no broadcast can stop a partition. */
export const maxPolicyCharacters = 48 * 1024;

export const fitsEntry = (policy: TenantPolicy): boolean => JSON.stringify(policy).length <= maxPolicyCharacters;

const known = [
  'id',
  'version',
  'bankName',
  'defaultLanguage',
  'defaultTimeZone',
  'channels',
  'legalBasis',
  'alertScore',
  'answerWithinMs',
];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Asked only before a policy is activated: what a step does may not depend on the zones that a machine knows. */
function isTimeZone(zone: unknown): boolean {
  if (typeof zone !== 'string' || zone === '') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * What is wrong with a policy, as sentences; empty when it can be activated.
 * @param others channels whose provider account is another tenant's
 */
export function problemsOfPolicy(
  policy: TenantPolicy,
  channels: ChannelTable,
  others: readonly ChannelId[] = [],
): readonly string[] {
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string): void => void (holds || problems.push(problem));
  const text = (value: unknown, most: number): boolean =>
    typeof value === 'string' && value.length >= 1 && value.length <= most;
  for (const key of Object.keys(policy)) demand(known.includes(key), `${key} is not a part of a policy.`);
  demand(text(policy.bankName, 12), 'bankName must be 1 to 12 characters.');
  demand(text(policy.defaultLanguage, 35), 'defaultLanguage must be a language, such as en.');
  demand(isTimeZone(policy.defaultTimeZone), 'defaultTimeZone must be an IANA zone, such as Europe/Sofia.');
  demand(
    policy.alertScore === undefined || (policy.alertScore > 0 && policy.alertScore <= 1),
    'alertScore must be above 0 and at most 1.',
  );
  demand(
    policy.answerWithinMs === undefined || (Number.isInteger(policy.answerWithinMs) && policy.answerWithinMs >= 1_000),
    'answerWithinMs must be at least 1000.',
  );
  if (!isObject(policy.channels)) problems.push('channels must name at least one channel.');
  else {
    for (const [id, rule] of Object.entries(policy.channels)) {
      demand(channels[id] !== undefined, `channels.${id}: there is no such channel.`);
      if (!isObject(rule) || typeof rule.allowed !== 'boolean')
        problems.push(`channels.${id}.allowed must be true or false.`);
      else if (rule.allowed && others.includes(id))
        problems.push(`channels.${id} cannot be allowed: its provider account belongs to another tenant.`);
      else if (rule.maxClasses !== undefined) {
        const names: readonly unknown[] = Array.isArray(rule.maxClasses) ? rule.maxClasses : [undefined];
        const fits = names.every((name) => (dataClasses as readonly unknown[]).includes(name));
        demand(fits, `channels.${id}.maxClasses must be of ${dataClasses.join(', ')}.`);
      }
    }
  }
  if (!isObject(policy.legalBasis)) problems.push('legalBasis must be a set of purposes, or empty.');
  else {
    for (const [purpose, basis] of Object.entries(policy.legalBasis)) {
      demand((purposes as readonly string[]).includes(purpose), `legalBasis.${purpose}: there is no such purpose.`);
      if (!isObject(basis) || !text(basis.basis, 200) || !Array.isArray(basis.channels)) {
        problems.push(`legalBasis.${purpose} must have a basis and channels.`);
        continue;
      }
      for (const id of basis.channels as readonly string[]) {
        // Without consent nothing may go to a third party, whatever a policy says.
        demand(channels[id]?.thirdParty !== true, `legalBasis.${purpose}: ${id} is a third party, and needs consent.`);
      }
    }
  }
  if (problems.length === 0) demand(fitsEntry(policy), `A policy may have ${maxPolicyCharacters} characters.`);
  return problems;
}
