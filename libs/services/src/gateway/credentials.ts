import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

/** What a caller of the API may do. `*:write` includes nothing else: scopes are separate. */
export const scopes = [
  'customers:read',
  'customers:write',
  'accounts:write',
  'events:write',
  'bank-answers:write',
  'alerts:read',
  'disclosures:read',
  'links:write',
  'kill-switch',
] as const;
export type Scope = (typeof scopes)[number];

/** Who calls, as proven. */
export interface Caller {
  /** `key:<id>` or `jwt:<subject>`. */
  readonly actor: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
}

export interface ApiKeySetting {
  readonly id: string;
  readonly tenant: string;
  /** SHA-256 of the key, lower-case hex. The key itself is 256 random bits, so a slow hash would add nothing. */
  readonly sha256: string;
  readonly scopes: readonly string[];
}

export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** The claim that names the tenant. Default `tenant`. */
  readonly tenantClaim: string;
}

export const hashApiKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** Compares two texts without telling by time where they differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Proves who calls: an API key in `X-Api-Key`, or a bearer token of a known issuer (RS256 or ES256). */
export class Credentials {
  readonly #keys: readonly ApiKeySetting[];
  readonly #issuers: readonly { readonly setting: TokenIssuer; readonly keys: JWTVerifyGetKey }[];

  constructor(keys: readonly ApiKeySetting[], issuers: readonly TokenIssuer[]) {
    this.#keys = keys;
    this.#issuers = issuers.map((setting) => ({ setting, keys: createRemoteJWKSet(new URL(setting.jwksUrl)) }));
  }

  /** Null when nothing proves who it is. */
  async prove(headers: Readonly<Record<string, string | string[] | undefined>>): Promise<Caller | null> {
    const key = headers['x-api-key'];
    if (typeof key === 'string') return this.#byKey(key);
    const authorization = headers['authorization'];
    if (typeof authorization === 'string' && /^Bearer /i.test(authorization)) {
      return this.#byToken(authorization.slice('Bearer '.length).trim());
    }
    return null;
  }

  #byKey(key: string): Caller | null {
    const hash = hashApiKey(key);
    let found: ApiKeySetting | null = null;
    // Every key is compared, so that time does not tell which one was near.
    for (const setting of this.#keys) if (sameText(setting.sha256.toLowerCase(), hash)) found = setting;
    return found === null ? null : { actor: `key:${found.id}`, tenantId: found.tenant, scopes: found.scopes };
  }

  async #byToken(token: string): Promise<Caller | null> {
    for (const { setting, keys } of this.#issuers) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer: setting.issuer,
          audience: setting.audience,
          algorithms: ['RS256', 'ES256'],
          clockTolerance: 30,
          requiredClaims: ['exp', 'sub', setting.tenantClaim],
        });
        const tenant = payload[setting.tenantClaim];
        if (typeof tenant !== 'string') return null;
        return { actor: `jwt:${payload.sub ?? ''}`, tenantId: tenant, scopes: scopesOf(payload) };
      } catch {
        // Another issuer may know it; none does: nobody.
      }
    }
    return null;
  }
}

const scopesOf = (payload: Readonly<Record<string, unknown>>): readonly string[] => {
  const claim = payload['scope'] ?? payload['scp'];
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  return Array.isArray(claim) ? claim.filter((scope): scope is string => typeof scope === 'string') : [];
};
