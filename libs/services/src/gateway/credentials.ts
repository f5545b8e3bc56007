import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { Away } from '../http/error-answers.ts';
import { hashApiKey } from './api-key.ts';

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
  /** SHA-256 of the key, hex. The key itself is 256 random bits, so a slow hash would add nothing. */
  readonly sha256: string;
  readonly scopes: readonly string[];
}

export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** The claim that names the tenant. */
  readonly tenantClaim: string;
  /** The tenants that this issuer may speak for: one bank's issuer is not believed about another bank. */
  readonly tenants: readonly string[];
}

/** Compares two texts without telling by time where they differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(a), digest(b));
}

const algorithms = ['RS256', 'ES256'];
const clockToleranceSeconds = 30;
const longestSubject = 128;

/** What a token itself can get wrong. Any other error says that its issuer's keys could not be had. */
const refusals: readonly string[] = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
].map(({ code }) => code);

/** Proves who calls: an API key in `X-Api-Key`, or a bearer token of a known issuer (RS256 or ES256). */
export class Credentials {
  readonly #keys: readonly ApiKeySetting[];
  readonly #issuers: readonly { readonly setting: TokenIssuer; readonly keys: JWTVerifyGetKey }[];

  constructor(keys: readonly ApiKeySetting[], issuers: readonly TokenIssuer[]) {
    this.#keys = keys;
    this.#issuers = issuers.map((setting) => ({ setting, keys: createRemoteJWKSet(new URL(setting.jwksUrl)) }));
  }

  /**
   * Null when nothing proves who it is.
   * @throws Away when the issuer's keys cannot be fetched
   */
  async prove(headers: Readonly<Record<string, string | string[] | undefined>>): Promise<Caller | null> {
    const key = headers['x-api-key'];
    if (typeof key === 'string') return this.#byKey(key);
    const token = /^Bearer +(\S+)$/i.exec(headers['authorization']?.toString() ?? '')?.[1];
    return token === undefined ? null : this.#byToken(token);
  }

  #byKey(key: string): Caller | null {
    const hash = hashApiKey(key);
    let found: ApiKeySetting | null = null;
    // Every key is compared, so that time does not tell which one was near.
    for (const setting of this.#keys) if (sameText(setting.sha256.toLowerCase(), hash)) found = setting;
    return found === null ? null : { actor: `key:${found.id}`, tenantId: found.tenant, scopes: found.scopes };
  }

  async #byToken(token: string): Promise<Caller | null> {
    const said = issuerIn(token);
    const known = this.#issuers.find(({ setting }) => setting.issuer === said);
    if (known === undefined) return null;
    const { setting, keys } = known;
    const payload = await verified(token, keys, setting);
    if (payload === null) return null;
    const tenant = payload[setting.tenantClaim];
    const { sub } = payload;
    if (typeof tenant !== 'string' || !setting.tenants.includes(tenant)) return null;
    if (sub === undefined || sub.length < 1 || sub.length > longestSubject) return null;
    return { actor: `jwt:${sub}`, tenantId: tenant, scopes: scopesOf(payload) };
  }
}

/** Whom a token claims to be from: nothing is believed yet, it only says whose keys to look at. */
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verified(token: string, keys: JWTVerifyGetKey, setting: TokenIssuer): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: setting.issuer,
      audience: setting.audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub', setting.tenantClaim],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError && refusals.includes(error.code)) return null;
    const message = 'The keys of the token’s issuer cannot be fetched for now: try again.';
    throw new Away(message, { code: 'ISSUER_AWAY', cause: error });
  }
}

const scopesOf = (payload: Readonly<Record<string, unknown>>): readonly string[] => {
  const claim = payload['scope'] ?? payload['scp'];
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  return Array.isArray(claim) ? claim.filter((scope): scope is string => typeof scope === 'string') : [];
};
