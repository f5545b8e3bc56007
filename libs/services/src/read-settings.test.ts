import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@tocsin/nest';
import { configuredChannels } from './channel-table.ts';
import { scopes } from './gateway/scopes.ts';
import { readSettings } from './read-settings.ts';

const environment = { SECRET: 's'.repeat(32) };

/** The smallest configuration that works. */
const base = `
secret: \${SECRET}
tenants: { mybank: { bankName: My Bank } }
`;

const problemsOf = (text: string): readonly string[] => {
  try {
    readSettings(text, environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ path, problem }) => `${path}: ${problem}`);
  }
  return [];
};

describe('the settings', () => {
  it('need little', () => {
    const settings = readSettings(base, environment);
    expect(settings).toMatchObject({ installation: 'tocsin', storage: 'embedded', http: { host: '127.0.0.1' } });
    expect(settings.gateway.rate).toEqual({ perSecond: 200, burst: 400 });
    expect(settings.tenants['mybank']).toEqual({ bankName: 'My Bank', language: 'en', timeZone: 'UTC' });
  });

  it.each<[string, string, readonly string[]]>([
    [
      'no secret',
      'tenants: { mybank: { bankName: My Bank } }',
      ['secret: is needed; make one with `openssl rand -hex 32`'],
    ],
    [
      'a variable that is not set',
      base.replace('SECRET', 'NOT_THERE'),
      ['secret: needs the environment variable NOT_THERE, which is not set'],
    ],
    [
      'an empty secret',
      `secret:\n${base.replace(/secret.*/, '')}`,
      ['secret: is needed; make one with `openssl rand -hex 32`'],
    ],
    ['a short secret', base.replace('${SECRET}', 'hunter2'), ['secret: must have 32 to 256 characters']],
    [
      'a zone that is none',
      base.replace('My Bank }', 'My Bank, timeZone: Europe/Sofja }'),
      ['tenants.mybank.timeZone: must be an IANA zone, such as Europe/Sofia'],
    ],
    ['no tenant', 'secret: ${SECRET}', ['tenants: must name at least one tenant']],
    [
      'a tenant that is none',
      `${base.replace('mybank', 'My_Bank')}`,
      ['tenants.My_Bank: must be 1 to 32 of a-z, 0-9 and hyphen'],
    ],
    [
      'a tenant without a name',
      base.replace('{ bankName: My Bank }', '{}'),
      [
        'tenants.mybank.bankName: must be longer than or equal to 1 characters',
        'tenants.mybank.bankName: must be a string',
      ],
    ],
    ['a tenant that is a text', base.replace('{ bankName: My Bank }', 'x'), ['tenants.mybank: must be a set of keys']],
    ['an unknown key', `${base}colour: red`, ['colour: is not a known setting']],
    ['an unknown key inside', `${base}http: { prot: 80 }`, ['http.prot: is not a known setting']],
    ['a port that is none', `${base}http: { port: 70000 }`, ['http.port: must not be greater than 65535']],
    [
      'Kafka without its settings',
      `${base}storage: kafka`,
      ['kafka: is needed with storage: kafka', 'redis: is needed with storage: kafka'],
    ],
    [
      'Redis in two ways at once',
      `${base}redis: { sentinel: { nodes: ['a:1'] }, cluster: { nodes: ['b:2'] }, db: 3 }`,
      ['redis.cluster: excludes redis.sentinel', 'redis.db: must be 0: a Cluster has only that one'],
    ],
    [
      'Sentinels and a Cluster that are nowhere',
      `${base}redis: { sentinel: { nodes: [] }, cluster: { nodes: [nowhere] } }`,
      [
        'redis.sentinel.nodes: must contain at least 1 elements',
        'redis.cluster.nodes: must be host:port',
        'redis.cluster: excludes redis.sentinel',
      ],
    ],
    ['brokers that are none', `${base}kafka: { brokers: [nowhere] }`, ['kafka.brokers: must be host:port']],
    [
      'a source of nobody',
      `${base}sources: [{ name: cards, topic: t, startAt: earliest }]`,
      ['sources[0].tenant: is needed, or tenantHeader: true'],
    ],
    [
      'a source of a stranger',
      `${base}sources: [{ name: cards, topic: t, startAt: earliest, tenant: other }]`,
      ['sources[0].tenant: must be one of the tenants'],
    ],
    [
      'a source without a start',
      `${base}sources: [{ name: cards, topic: t, tenant: mybank }]`,
      ['sources[0].startAt: must be earliest, latest or a time such as 2026-01-01T00:00:00Z'],
    ],
    [
      'a start that is no time',
      `${base}sources: [{ name: cards, topic: t, tenant: mybank, startAt: 2026-99-01Tx }]`,
      ['sources[0].startAt: must be earliest, latest or a time such as 2026-01-01T00:00:00Z'],
    ],
    [
      'times without a zone',
      `${base}sources: [{ name: cards, topic: t, tenant: mybank, startAt: 2026-01-01T00:00:00, alertsFrom: 2026-01-01T00:00 }]`,
      [
        'sources[0].startAt: must be earliest, latest or a time such as 2026-01-01T00:00:00Z',
        'sources[0].alertsFrom: must be a time such as 2026-01-01T00:00:00Z',
      ],
    ],
    [
      'a format that does not exist',
      `${base}sources: [{ name: cards, topic: t, tenant: mybank, startAt: latest, format: morse }]`,
      ['sources[0].format: is not a format; there are: json, account-event, bank-answer'],
    ],
    [
      'an option that the format has not',
      `${base}sources: [{ name: cards, topic: t, tenant: mybank, startAt: latest, options: { maxDepth: 1, x: 1 } }]`,
      ['sources[0].options.maxDepth: must not be less than 4', 'sources[0].options.x: is not a known setting'],
    ],
    [
      'two sources of one name',
      `${base}sources: [{ name: a, topic: t, tenant: mybank, startAt: latest }, { name: a, topic: u, tenant: mybank, startAt: latest }]`,
      ['sources[1].name: "a" stands twice'],
    ],
    [
      'a channel that does not exist',
      `${base}channels: { pigeon: {} }`,
      ['channels.pigeon: is not a channel; there are: messenger, sms, email'],
    ],
    ['a channel that is nothing', `${base}channels: { sms: null }`, ['channels.sms: must be a set of keys']],
    [
      'a channel of a stranger',
      `${base}channels: { email: { tenant: other, host: h, from: a@b } }`,
      ['channels.email.tenant: must be one of the tenants'],
    ],
    [
      'a channel without what it needs',
      `${base}channels: { email: { from: nobody } }`,
      [
        'channels.email.host: should not be empty',
        'channels.email.host: must be a string',
        'channels.email.from: must match /^[^\\s@<>]+@[^\\s@<>]+$/ regular expression',
      ],
    ],
    [
      'a key with a scope that does not exist',
      `${base}gateway: { apiKeys: [{ id: a, tenant: mybank, sha256: ${'ab'.repeat(32)}, scopes: [everything] }] }`,
      [`gateway.apiKeys[0].scopes: each value must be one of the following values: ${scopes.join(', ')}`],
    ],
    [
      'a key in the clear',
      `${base}gateway: { apiKeys: [{ id: a, tenant: mybank, sha256: hunter2, scopes: [] }] }`,
      ['gateway.apiKeys[0].sha256: must match /^[0-9a-fA-F]{64}$/ regular expression'],
    ],
    [
      'a key of a stranger',
      `${base}gateway: { apiKeys: [{ id: a, tenant: other, sha256: ${'ab'.repeat(32)}, scopes: [] }] }`,
      ['gateway.apiKeys[0].tenant: must be one of the tenants'],
    ],
    [
      'an issuer of a stranger',
      `${base}gateway: { issuers: [{ issuer: i, jwksUrl: 'https://i.example/', audience: a, tenants: [other] }] }`,
      ['gateway.issuers[0].tenants: must be some of the tenants'],
    ],
    [
      'an issuer that stands twice',
      `${base}gateway: { issuers: [{ issuer: i, jwksUrl: 'https://i.example/', audience: a }, { issuer: i, jwksUrl: 'https://i.example/', audience: b }] }`,
      ['gateway.issuers[1].issuer: "i" stands twice: only the first would be asked'],
    ],
    [
      'an issuer for whichever bank',
      `${base.replace('} }', '}, other: { bankName: Other } }')}gateway: { issuers: [{ issuer: i, jwksUrl: 'https://i.example/', audience: a }] }`,
      ['gateway.issuers[0].tenants: is needed where there are several tenants: one bank must not speak for another'],
    ],
    [
      'channels to deliver that are not there',
      `${base}deliver: { channels: [sms] }`,
      ['deliver.channels[0]: must be one of the channels'],
    ],
    [
      'parts of which every line is commented out',
      `${base}storage: kafka\nkafka:\nredis:\nhttp:\nsources: [{ name: cards, topic: t, tenant: mybank, startAt: latest, kafka: }]`,
      [
        'kafka: must be a set of keys',
        'redis: must be a set of keys',
        'http: must be a set of keys',
        'sources[0].kafka: must be a set of keys',
      ],
    ],
    [
      'TLS that is empty: in the clear, or with the system’s certificates?',
      `${base}kafka: { brokers: ['k:1'], ssl: }\nredis: { tls: }`,
      ['kafka.ssl: must be a set of keys', 'redis.tls: must be a set of keys'],
    ],
    [
      'a secret in two places',
      `${base}secretFile: /nowhere`,
      ['secretFile: stands beside secret: leave one of them out'],
    ],
    [
      'an alias of nothing',
      `${base}folder: *x`,
      ['(file): Unresolved alias (the anchor must be set before the alias)'],
    ],
    [
      'a source that would read what it writes',
      `${base}sources: [{ name: again, topic: rejected, tenant: mybank, startAt: latest }, { name: out, topic: deliveries.sms.urgent, tenant: mybank, startAt: latest }]`,
      [
        'sources[0].topic: is a topic of ours, and no topic of the bank’s',
        'sources[1].topic: is a topic of ours, and no topic of the bank’s',
      ],
    ],
    [
      'a topic that Kafka cannot have',
      `${base}sources: [{ name: cards, topic: 'bank cards', tenant: mybank, startAt: latest }]`,
      ['sources[0].topic: must be 1 to 249 letters, digits, . _ -'],
    ],
    [
      'a language without texts',
      base.replace('My Bank }', 'My Bank, language: bulgarian }'),
      ['tenants.mybank.language: must be en, bg or de, also with a region, such as en-GB'],
    ],
    [
      'one key for two banks',
      `${base.replace('} }', '}, other: { bankName: Other } }')}gateway: { apiKeys: [{ id: a, tenant: mybank, sha256: ${'ab'.repeat(32)}, scopes: [] }, { id: b, tenant: other, sha256: ${'AB'.repeat(32)}, scopes: [] }] }`,
      ['gateway.apiKeys[1].sha256: is that of gateway.apiKeys[0]: a key belongs to one caller'],
    ],
    ['a list', '- a', ['(file): must be a set of keys']],
  ])('name what is wrong, and where: %s', (_what, text, problems) => {
    expect([...problemsOf(text)].sort()).toEqual([...problems].sort());
  });

  it('take a topic of our name from another cluster', () =>
    expect(
      problemsOf(
        `${base}sources: [{ name: cards, topic: rejected, tenant: mybank, startAt: latest, kafka: { brokers: ['k:1'] } }]`,
      ),
    ).toEqual([]));

  it('name everything at once, whatever else is wrong', () => {
    const text = `
storage: paper
http: { port: -1 }
tenants: { mybank: { bankName: My Bank } }
sources: [{ name: cards, topic: t, tenant: other, startAt: latest, format: morse }]
channels: { pigeon: {} }
secretFile: /nowhere
`;
    const paths = problemsOf(text).map((problem) => problem.split(':')[0]);
    expect(new Set(paths)).toEqual(
      new Set([
        'storage',
        'http.port',
        'secretFile',
        'secret',
        'sources[0].tenant',
        'sources[0].format',
        'channels.pigeon',
      ]),
    );
  });

  it('never show a value', () => {
    const text = `${base}gateway: { apiKeys: [{ id: a, tenant: mybank, sha256: hunter2, scopes: [] }] }`;
    expect(problemsOf(text).join()).not.toContain('hunter2');
  });

  // To whoever forgot the quotes, a password is YAML.
  it.each([
    '*hunter2',
    '|hunter2',
    '>hunter2',
    '!hunter2 x',
    '!hunter2!x y',
    '}hunter2',
    '"\\uhunter2"',
    '"a" hunter2',
  ])('never show what YAML cannot read: %s', (value) => {
    const problems = problemsOf(`${base}redis: { }\nkafka:\n  brokers: ['k:1']\n  clientId: ${value}\n`);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain('hunt');
  });
});

describe('the example', () => {
  const text = readFileSync(new URL('../../../deploy/config.example.yaml', import.meta.url), 'utf8');
  const made = {
    TOCSIN_SECRET: '0123456789abcdef'.repeat(4),
    KAFKA_CA: '-----BEGIN CERTIFICATE-----',
    KAFKA_PASSWORD: 'k',
    REDIS_PASSWORD: 'r',
    MESSENGER_PAGE_TOKEN: 'p',
    MESSENGER_APP_SECRET: 'a',
    MESSENGER_VERIFY_TOKEN: 'v',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_API_SECRET: 't',
    TWILIO_AUTH_TOKEN: 'u',
    SMTP_PASSWORD: 's',
    CORE_BANKING_KEY_SHA256: 'ab'.repeat(32),
  };

  it('loads, with all three channels', () => {
    const settings = readSettings(text, made);
    expect(configuredChannels(settings).channels.map(({ id, tenantId }) => [id, tenantId])).toEqual([
      ['messenger', 'mybank'],
      ['sms', 'mybank'],
      ['email', 'mybank'],
    ]);
    expect(settings).toMatchObject({ storage: 'kafka', kafka: { sasl: { password: 'k' } }, redis: { password: 'r' } });
    expect(settings.channels['messenger']).toMatchObject({ appSecrets: ['a'] });
  });

  it('loads also with what is commented out and has a default', () => {
    const more = text.replaceAll(/^( *)# (?=(?:folder: data|db: |perSecond: |options: \{|kafka: \{))/gm, '$1');
    const settings = readSettings(more, made);
    expect(settings).toMatchObject({ folder: 'data', redis: { db: 0 } });
    expect(settings.sources[0]).toMatchObject({ options: { maxDepth: 16 }, kafka: { brokers: [expect.any(String)] } });
    expect(configuredChannels(settings).channels[0]?.channel.capabilities.perSecond).toBe(40);
  });

  it('keeps every secret out of the file: each variable is needed', () => {
    const named = new Set(
      [...text.matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name]) => name).filter((name) => name !== 'NAME'),
    );
    expect([...named].sort()).toEqual(Object.keys(made).sort());
    for (const name of named) {
      const without = Object.fromEntries(Object.entries(made).filter(([other]) => other !== name));
      expect(() => readSettings(text, without)).toThrow(ConfigurationError);
    }
  });
});
