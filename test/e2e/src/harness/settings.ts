import { createHash, randomBytes } from 'node:crypto';
import type { FakeGraph, FakeTemplate, FakeTwilio } from '@tocsin/simulator';

/** What the fake providers and the services must agree on. Drawn anew for each run. */
export const secrets = {
  installation: randomBytes(24).toString('hex'),
  apiKey: randomBytes(32).toString('hex'),
  pageId: '600100',
  accessToken: randomBytes(16).toString('hex'),
  appSecret: randomBytes(16).toString('hex'),
  verifyToken: randomBytes(16).toString('hex'),
  accountSid: `AC${randomBytes(16).toString('hex')}`,
  authToken: randomBytes(16).toString('hex'),
} as const;

const yesNo = ['Yes, it was me', 'No, not me'];

/** What Meta approved for the Page: by our message, each with and without a reason. */
const templates: readonly {
  readonly message: string;
  readonly name: string;
  readonly parameters: readonly string[];
  readonly buttons?: readonly string[];
}[] = [
  { message: 'fraud-check', name: 'fraud_check', parameters: ['amount', 'merchant', 'last4', 'time'], buttons: yesNo },
  {
    message: 'fraud-check',
    name: 'fraud_check_why',
    parameters: ['amount', 'merchant', 'last4', 'time', 'reason'],
    buttons: yesNo,
  },
  { message: 'purchase-over', name: 'purchase_over', parameters: ['amount', 'merchant', 'last4', 'time'] },
  { message: 'deposit', name: 'deposit_arrived', parameters: ['amount', 'time'] },
  { message: 'balance-below', name: 'balance_below', parameters: ['last4', 'time'] },
];

export const fakeTemplates: readonly FakeTemplate[] = templates.map(({ name, parameters, buttons }) => ({
  name,
  language: 'en',
  parameters,
  ...(buttons === undefined ? {} : { buttons }),
}));

export const partitions = { stage: 8, delivery: 4, outside: 4 } as const;
export const tenant = 'bank';

const scopes = [
  'customers:read',
  'customers:write',
  'accounts:write',
  'bank-answers:write',
  'alerts:read',
  'disclosures:read',
  'links:write',
];

export interface Places {
  readonly installation: string;
  readonly broker: string;
  readonly redis: { readonly host: string; readonly port: number };
  readonly gatewayUrl: string;
  readonly topic: string;
  readonly graph: FakeGraph;
  readonly twilio: FakeTwilio;
  readonly smtpPort: number;
}

/** The one configuration of all five services. */
export const settingsOf = ({
  installation,
  broker,
  redis,
  gatewayUrl,
  topic,
  graph,
  twilio,
  smtpPort,
}: Places): object => ({
  installation,
  secret: secrets.installation,
  storage: 'kafka',
  kafka: { brokers: [broker], clientId: installation },
  redis,
  partitions,
  sources: [{ name: 'payments', topic, tenant, startAt: 'earliest' }],
  tenants: { [tenant]: { bankName: 'Tocsin Bank', language: 'en', timeZone: 'Europe/Sofia' } },
  channels: {
    messenger: {
      tenant,
      baseUrl: graph.url,
      pageId: secrets.pageId,
      accessToken: secrets.accessToken,
      appSecrets: [secrets.appSecret],
      verifyToken: secrets.verifyToken,
      utilityTemplates: templates.map(({ message, name, parameters, buttons }) => ({
        message,
        language: 'en',
        name,
        languageCode: 'en',
        parameters,
        buttons: buttons?.length ?? 0,
      })),
    },
    sms: {
      tenant,
      provider: 'twilio',
      twilio: {
        baseUrl: twilio.url,
        accountSid: secrets.accountSid,
        password: secrets.authToken,
        authTokens: [secrets.authToken],
        from: '+15550100',
        statusCallbackUrl: `${gatewayUrl}/webhooks/sms`,
      },
    },
    email: {
      tenant,
      host: '127.0.0.1',
      port: smtpPort,
      requireTls: false,
      from: 'alerts@bank.example',
      fromName: 'Tocsin Bank',
    },
  },
  gateway: {
    publicUrl: gatewayUrl,
    apiKeys: [
      { id: 'core-banking', tenant, sha256: createHash('sha256').update(secrets.apiKey).digest('hex'), scopes },
    ],
    rate: { perSecond: 10_000, burst: 10_000 },
  },
  // Few at a time, so that a crash leaves few in doubt.
  deliver: { timeoutMs: 5_000, concurrency: 4 },
  engine: { checkpointMs: 500, leaseMs: 4_000, sessionTimeoutMs: 6_000 },
  logLevel: 'info',
});
