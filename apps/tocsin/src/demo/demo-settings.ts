import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashApiKey, urlAt } from '@tocsin/services';

/** Everything the demonstration needs to know of its simulated world. */
export interface DemoWorld {
  readonly tenant: 'demo';
  readonly bankTopic: 'bank.transactions';
  readonly answersTopic: 'bank.answers';
  readonly customerId: 'cus-1';
  readonly accountId: 'acc-1';
  readonly psid: '7001';
  readonly phone: '+359881234567';
  readonly sender: '+35924000000';
  readonly pageId: '555';
  readonly pageToken: string;
  readonly appSecret: string;
  readonly smsAccount: string;
  readonly smsToken: string;
  /** The bank's key to the API. */
  readonly apiKey: string;
}

interface Secrets {
  readonly installation: string;
  readonly pageToken: string;
  readonly appSecret: string;
  readonly smsToken: string;
  readonly apiKey: string;
}

/** Secrets of the demonstration, drawn once per folder: a restart must find the same ones. */
function secretsOf(folder: string): Secrets {
  const file = join(folder, 'demo-secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const draw = (): string => randomBytes(24).toString('base64url');
  const secrets: Secrets = {
    installation: draw() + draw(),
    pageToken: draw(),
    appSecret: draw(),
    smsToken: draw(),
    apiKey: draw(),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

export function demoWorld(folder: string): { readonly world: DemoWorld; readonly secret: string } {
  const secrets = secretsOf(folder);
  return {
    secret: secrets.installation,
    world: {
      tenant: 'demo',
      bankTopic: 'bank.transactions',
      answersTopic: 'bank.answers',
      customerId: 'cus-1',
      accountId: 'acc-1',
      psid: '7001',
      phone: '+359881234567',
      sender: '+35924000000',
      pageId: '555',
      pageToken: secrets.pageToken,
      appSecret: secrets.appSecret,
      smsAccount: `AC${'0'.repeat(32)}`,
      smsToken: secrets.smsToken,
      apiKey: secrets.apiKey,
    },
  };
}

/** The configuration that `npm start` runs with, as a person would write it. */
export function demoConfiguration(options: {
  readonly world: DemoWorld;
  readonly secret: string;
  readonly folder: string;
  readonly port: number;
  readonly host: string;
  readonly graphUrl: string;
  readonly smsUrl: string;
}): object {
  const { world, secret, folder, port, host, graphUrl, smsUrl } = options;
  const { tenant } = world;
  return {
    installation: 'demo',
    secret,
    storage: 'embedded',
    folder: join(folder, 'store'),
    logLevel: 'warn',
    http: { host, port },
    sources: [
      { name: 'cards', topic: world.bankTopic, format: 'json', tenant, startAt: 'earliest' },
      { name: 'answers', topic: world.answersTopic, format: 'bank-answer', tenant, startAt: 'earliest' },
    ],
    tenants: { [tenant]: { bankName: 'Demo Bank', timeZone: 'Europe/Sofia' } },
    channels: {
      messenger: {
        tenant,
        baseUrl: graphUrl,
        pageId: world.pageId,
        accessToken: world.pageToken,
        appSecrets: [world.appSecret],
        verifyToken: world.pageToken,
      },
      sms: {
        tenant,
        provider: 'twilio',
        twilio: {
          baseUrl: smsUrl,
          accountSid: world.smsAccount,
          password: world.smsToken,
          authTokens: [world.smsToken],
          statusCallbackUrl: `${urlAt(host, port)}/webhooks/sms`,
          from: world.sender,
        },
      },
    },
    gateway: {
      apiKeys: [
        {
          id: 'demo-bank',
          tenant,
          sha256: hashApiKey(world.apiKey),
          scopes: [
            'customers:read',
            'customers:write',
            'accounts:write',
            'links:write',
            'alerts:read',
            'disclosures:read',
          ],
        },
      ],
    },
  };
}
