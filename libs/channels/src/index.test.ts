import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { channels } from './index.ts';
import { messengerErrors } from './messenger/messenger-errors.ts';
import { GatewayOptions } from './sms/gateway-options.ts';
import { twilioErrors } from './sms/twilio-errors.ts';
import { TwilioOptions } from './sms/twilio-options.ts';
import { UtilityTemplate } from './messenger/messenger-options.ts';

const here = new URL('.', import.meta.url).pathname;
const read = (path: string): string => readFileSync(`${here}${path}`, 'utf8');
const folders = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Names and defaults of a class's options, as its document must show them. */
function rows(contract: new () => object): readonly string[] {
  const storage = getMetadataStorage();
  const names = new Set(
    storage.getTargetValidationMetadatas(contract, '', true, false).map(({ propertyName }) => propertyName),
  );
  const defaults = new contract() as Readonly<Record<string, unknown>>;
  return [...names].map((name) => {
    const value = defaults[name];
    const shown =
      ['string', 'number', 'boolean'].includes(typeof value) && value !== '' ? ` \`${String(value)}\` ` : ' ';
    return `| \`${name}\` |${shown}|`;
  });
}

describe('the table of channels', () => {
  it('has one line for each folder', () => {
    expect(channels.map(({ id }) => id).sort()).toEqual([...folders].sort());
  });

  it.each(folders)('%s comes with code, test and document', (id) => {
    expect(existsSync(`${here}${id}/${id}.ts`)).toBe(true);
    expect(existsSync(`${here}${id}/${id}.md`)).toBe(true);
    const tests = readdirSync(`${here}${id}`).filter((file) => file.endsWith('.test.ts'));
    expect(tests.map((file) => read(`${id}/${file}`)).join()).toContain('channelCases(');
  });

  it.each(channels)('the document of $id names every option with its default', ({ id, options }) => {
    const document = read(`${id}/${id}.md`);
    for (const row of rows(options)) expect(document).toContain(row);
  });

  it.each([
    ['messenger', UtilityTemplate],
    ['sms', TwilioOptions],
    ['sms', GatewayOptions],
  ])('the document of %s names the options of its parts, too', (id, part) => {
    const document = read(`${id}/${id}.md`);
    for (const row of rows(part)) expect(document).toContain(row);
  });

  it.each([
    ['messenger', messengerErrors],
    ['sms', twilioErrors],
  ])('the document of %s shows its table of errors', (id, table) => {
    const document = read(`${id}/${id}.md`);
    for (const { codes, becomes, scope, about } of table) {
      const shown = codes.length < 50 ? codes : [...codes.filter((code) => !/^2\d\d$/.test(code)), '200 to 299'];
      expect(document).toContain(
        `| ${shown.join(', ')} | ${becomes}${scope === undefined ? '' : ` (${scope})`} | ${about} |`,
      );
    }
  });

  it('hands nothing wide to e-mail, and needs consent for a third-party messenger', () => {
    const of = (id: string) => channels.find((channel) => channel.id === id)!.capabilities;
    expect(of('email').defaultClasses).toEqual(['existence', 'time']);
    expect(['messenger', 'sms', 'email'].map((id) => of(id).thirdParty)).toEqual([true, false, false]);
    for (const { capabilities } of channels) {
      for (const never of ['balance', 'payee', 'place'] as const)
        expect(capabilities.defaultClasses).not.toContain(never);
    }
  });
});
