import type { Rejection } from '../format.ts';
import type { LogRecord } from '../ports/log.ts';
import type { Instant } from '../time.ts';

/** What a topic of the bank's holds; each kind goes with formats of its own. */
export const sourceKinds = ['transactions', 'account-events', 'bank-answers'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** One topic of the bank's, as far as decisions depend on it. */
export interface SourceOptions {
  /** Short name, part of the stage's name: `ingest.<name>`. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Whose records these are; with `tenantFromHeader`, whose they are when the header is missing. */
  readonly tenantId?: string;
  /** May the record header `tocsin-tenant` name the tenant? Default no: then the header is ignored. */
  readonly tenantFromHeader?: boolean;
  /** Tenants that exist here; any other one is TENANT_UNKNOWN. Default: every well-formed name. */
  readonly tenants?: readonly string[];
  /** By tenant: transactions that happened before feed history and alert nobody. */
  readonly alertsFrom?: Readonly<Record<string, Instant>>;
}

export const tenantHeader = 'tocsin-tenant';

const tenantName = /^[a-z0-9-]{1,32}$/;

export const isTenantId = (text: string): boolean => tenantName.test(text);

const unknown = (reason: string): Rejection => ({ code: 'TENANT_UNKNOWN', path: tenantHeader, reason });

/** Whose record it is, or why nobody's. */
export function tenantOf(record: LogRecord, source: SourceOptions): string | Rejection {
  const header = source.tenantFromHeader === true ? record.headers[tenantHeader] : undefined;
  const tenantId = header === undefined ? source.tenantId : new TextDecoder().decode(header);
  if (tenantId === undefined) return unknown('Neither the topic nor a header tocsin-tenant names the tenant.');
  if (!isTenantId(tenantId)) return unknown('The tenant is not 1 to 32 characters of a-z, 0-9 and hyphen.');
  if (source.tenants?.includes(tenantId) === false) return unknown('The tenant is not one of this installation.');
  return tenantId;
}
