import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicSpecs } from '@tocsin/core';
import type { Digest, Instant } from '@tocsin/core';
import { silentLogger } from '@tocsin/nest';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { stringify } from 'yaml';
import { keyedDigest } from '../../platform/digests.ts';
import { channelIds, openPlatform } from '../../platform/platform.ts';
import type { Platform } from '../../platform/platform.ts';
import { readSettings } from '../../read-settings.ts';
import type { ServiceName } from '../../service.ts';
import { start } from '../../start.ts';
import { hashApiKey } from '../api-key.ts';
import { scopes } from '../scopes.ts';

export const appSecret = 'app-secret-of-the-tests';
export const authToken = 'auth-token-of-the-tests';
export const verifyToken = 'verify-token-of-the-tests';

/** API keys by what they may do. */
export const apiKeys = {
  alpha: 'key-of-alpha',
  alphaReads: 'key-of-alpha-that-only-reads',
  beta: 'key-of-beta',
} as const;

/** What the tests look at in an answer of the API; which of it is there depends on the route. */
export interface AnswerBody {
  readonly statusCode: number;
  readonly message: string | readonly string[];
  readonly rejections: readonly object[];
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly expiresAt: number;
}

/** What the tests look at in a record; which of it is there depends on its type. */
export interface Recorded {
  readonly type: string;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly accountId: string;
  readonly action: string;
  readonly result: string;
  readonly text: string;
  readonly linked: boolean;
  readonly at: number;
  readonly changes: readonly { readonly purpose: string; readonly dataClass: string; readonly evidence?: string }[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: AnswerBody;
}

export interface GatewayWorldOptions {
  /** Default: the gateway alone. */
  readonly services?: readonly ServiceName[];
  /** Merged over the settings of the tests. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** Puts something between the services and the platform. */
  readonly wrap?: (platform: Platform) => Platform;
  readonly now?: () => Instant;
  readonly returnOrigins?: readonly string[];
}

export interface GatewayWorld {
  readonly url: string;
  readonly platform: Platform;
  /** Keyed with the secret of this installation. */
  readonly digest: Digest;
  call(
    method: string,
    path: string,
    options?: {
      readonly key?: string | null;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Answer>;
  /** Exactly these bytes. */
  send(path: string, init: RequestInit): Promise<Answer>;
  /** All records of a topic, parsed, partition by partition. */
  records(topic: string): Promise<readonly Recorded[]>;
  close(): Promise<void>;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json: json as AnswerBody };
}

/** A loopback port that was free a moment ago: the gateway's public address must be known before it listens. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The gateway as it runs, on embedded storage in a folder of its own, with two tenants and two channels. */
export async function startGatewayWorld(options: GatewayWorldOptions = {}): Promise<GatewayWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-gateway-'));
  const port = await freePort();
  const configuration = {
    installation: 'test',
    secret: randomBytes(24).toString('hex'),
    folder: join(folder, 'store'),
    logLevel: 'silent',
    http: { host: '127.0.0.1', port },
    engine: { checkpointMs: 50 },
    tenants: { alpha: { bankName: 'Alpha' }, beta: { bankName: 'Beta' } },
    channels: {
      messenger: { tenant: 'alpha', pageId: '555', accessToken: 'page-token', appSecrets: [appSecret], verifyToken },
      sms: {
        tenant: 'alpha',
        provider: 'twilio',
        twilio: {
          accountSid: `AC${'0'.repeat(32)}`,
          password: authToken,
          authTokens: [authToken],
          from: '+35924000000',
        },
      },
    },
    ...options.settings,
    gateway: {
      apiKeys: [
        { id: 'alpha', tenant: 'alpha', sha256: hashApiKey(apiKeys.alpha), scopes: [...scopes] },
        { id: 'alpha-reads', tenant: 'alpha', sha256: hashApiKey(apiKeys.alphaReads), scopes: ['customers:read'] },
        { id: 'beta', tenant: 'beta', sha256: hashApiKey(apiKeys.beta), scopes: [...scopes] },
      ],
      ...options.gateway,
    },
  };
  const settings = readSettings(stringify(configuration), {});
  const opened = await openPlatform(settings, silentLogger);
  const platform = options.wrap?.(opened) ?? opened;
  await opened.log.createTopics(topicSpecs(channelIds, opened.counts));
  const running = await start({
    settings,
    services: options.services ?? ['gateway'],
    logger: silentLogger,
    platform,
    gateway: {
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.returnOrigins === undefined ? {} : { returnOrigins: options.returnOrigins }),
    },
  });
  const { url } = running;
  const send = async (path: string, init: RequestInit): Promise<Answer> =>
    answerOf(await fetch(url + path, { redirect: 'manual', ...init }));
  return {
    url,
    platform,
    digest: keyedDigest(settings.secret),
    send,
    call: (method, path, { key = apiKeys.alpha, body, headers = {} } = {}) =>
      send(path, {
        method,
        headers: {
          ...(key === null ? {} : { 'x-api-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async records(topic) {
      const partitions = opened.partitions[topic] ?? 0;
      const found: Recorded[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        const { start: from } = await opened.log.bounds(topic, partition);
        for (const { value } of await opened.log.read(topic, partition, from, 10_000)) {
          found.push(JSON.parse(Buffer.from(value ?? new Uint8Array()).toString('utf8')) as Recorded);
        }
      }
      return found;
    },
    async close() {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** Signs with its own key of that algorithm, unless told otherwise. */
  sign(claims: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>;
  /** How often its keys were fetched. */
  readonly fetches: () => number;
  close(): Promise<void>;
}

export interface SignOptions {
  readonly algorithm?: 'RS256' | 'ES256' | 'RS512';
  readonly issuer?: string;
  readonly audience?: string;
  /** Such as `1h`, or an instant in seconds. */
  readonly expires?: string | number;
  /** Signs with a key that the issuer does not publish. */
  readonly stranger?: boolean;
}

/** A bank's token issuer: keys made here, published as a JWKS by a local server. */
export async function startIssuer(): Promise<TestIssuer> {
  const pairs = {
    RS256: await generateKeyPair('RS256'),
    ES256: await generateKeyPair('ES256'),
    RS512: await generateKeyPair('RS512'),
  };
  const strangers = {
    RS256: await generateKeyPair('RS256'),
    ES256: await generateKeyPair('ES256'),
    RS512: pairs.RS512,
  };
  const keys = await Promise.all(
    Object.entries(pairs).map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      alg,
      kid: alg,
      use: 'sig',
    })),
  );
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const audience = 'tocsin';
  return {
    issuer: url,
    jwksUrl: `${url}/jwks`,
    audience,
    fetches: () => fetches,
    sign: (claims, { algorithm = 'RS256', issuer = url, expires = '1h', stranger = false, ...rest } = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: algorithm, kid: algorithm })
        .setIssuer(issuer)
        .setAudience(rest.audience ?? audience)
        .setExpirationTime(expires)
        .sign((stranger ? strangers : pairs)[algorithm].privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As Meta signs: over the bytes that it sends. */
export const metaSignature = (body: string | Buffer, secret = appSecret): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** As Twilio signs a form: the URL, then the sorted parameters. */
export const twilioSignature = (url: string, form: Readonly<Record<string, string>>, token = authToken): string =>
  createHmac('sha1', token)
    .update(
      url +
        Object.keys(form)
          .sort()
          .map((name) => name + form[name])
          .join(''),
    )
    .digest('base64');
