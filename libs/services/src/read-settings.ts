import { isTenantId, languages, parseOccurredAt, topicTable } from '@tocsin/core';
import { formatOf, formats } from '@tocsin/formats';
import { checked, readConfiguration } from '@tocsin/nest';
import type { ConfigurationProblem } from '@tocsin/nest';
import { configuredChannels } from './channel-table.ts';
import { channelIds } from './platform/platform.ts';
import { Settings, TenantSettings } from './settings.ts';

type Found = (path: string, problem: string) => void;

// Reading what it writes, a source would feed itself for ever.
const ours: ReadonlySet<string> = new Set(topicTable(channelIds).map(({ name }) => name));

/** With its zone: a time without one would be another on each machine. */
function isTime(text: string): boolean {
  const time = parseOccurredAt(text);
  return time !== 'TIME_INVALID' && time.precision === 'instant' && !Number.isNaN(Date.parse(text));
}

const orOf = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function ofTenants(settings: Settings, found: Found): readonly ConfigurationProblem[] {
  const ids = Object.keys(settings.tenants);
  if (ids.length === 0) found('tenants', 'must name at least one tenant');
  return ids.flatMap((id) => {
    const path = `tenants.${id}`;
    if (!isTenantId(id)) found(path, 'must be 1 to 32 of a-z, 0-9 and hyphen');
    const { value, problems } = checked(TenantSettings, settings.tenants[id], path);
    settings.tenants[id] = value;
    const { language } = value;
    if (typeof language === 'string' && !languages.some(({ tag }) => tag === language.split('-')[0]!.toLowerCase()))
      found(`${path}.language`, `must be ${orOf(languages.map(({ tag }) => tag))}, also with a region, such as en-GB`);
    return problems;
  });
}

function ofSources({ sources, tenants }: Settings, found: Found): readonly ConfigurationProblem[] {
  const names = new Set<string>();
  return sources.flatMap((source, index) => {
    const path = `sources[${index}]`;
    if (names.has(source.name)) found(`${path}.name`, `"${source.name}" stands twice`);
    names.add(source.name);
    if (source.kafka === undefined && ours.has(source.topic))
      found(`${path}.topic`, 'is a topic of ours, and no topic of the bank’s');
    if (source.tenant === undefined && !source.tenantHeader)
      found(`${path}.tenant`, 'is needed, or tenantHeader: true');
    if (source.tenant !== undefined && !Object.hasOwn(tenants, source.tenant)) {
      found(`${path}.tenant`, 'must be one of the tenants');
    }
    if (!['earliest', 'latest'].includes(source.startAt) && !isTime(source.startAt)) {
      found(`${path}.startAt`, 'must be earliest, latest or a time such as 2026-01-01T00:00:00Z');
    }
    if (source.alertsFrom !== undefined && !isTime(source.alertsFrom)) {
      found(`${path}.alertsFrom`, 'must be a time such as 2026-01-01T00:00:00Z');
    }
    const format = formatOf(source.format);
    if (format !== undefined) return checked(format.options, source.options, `${path}.options`).problems;
    found(`${path}.format`, `is not a format; there are: ${Object.keys(formats).join(', ')}`);
    return [];
  });
}

function ofGateway({ gateway, tenants }: Settings, found: Found): void {
  const known = (tenant: string) => Object.hasOwn(tenants, tenant);
  const ids = new Set<string>();
  const hashes = new Map<string, string>();
  for (const [index, { id, tenant, sha256 }] of gateway.apiKeys.entries()) {
    const path = `gateway.apiKeys[${index}]`;
    if (ids.has(id)) found(`${path}.id`, `"${id}" stands twice`);
    ids.add(id);
    const hash = sha256.toLowerCase();
    const other = hashes.get(hash);
    if (other !== undefined) found(`${path}.sha256`, `is that of ${other}: a key belongs to one caller`);
    else hashes.set(hash, path);
    if (!known(tenant)) found(`${path}.tenant`, 'must be one of the tenants');
  }
  const issuers = new Set<string>();
  for (const [index, issuer] of gateway.issuers.entries()) {
    const name = issuer.issuer;
    if (issuers.has(name))
      found(`gateway.issuers[${index}].issuer`, `"${name}" stands twice: only the first would be asked`);
    issuers.add(name);
    const path = `gateway.issuers[${index}].tenants`;
    if (issuer.tenants?.every(known) === false) found(path, 'must be some of the tenants');
    if (issuer.tenants === undefined && Object.keys(tenants).length > 1) {
      found(path, 'is needed where there are several tenants: one bank must not speak for another');
    }
  }
}

function ofRedis({ redis }: Settings, found: Found): void {
  if (redis?.sentinel !== undefined && redis.cluster !== undefined) found('redis.cluster', 'excludes redis.sentinel');
  if (redis?.cluster !== undefined && redis.db !== 0) found('redis.db', 'must be 0: a Cluster has only that one');
}

/** What the classes cannot say: references between parts, and the options of plug-ins. */
function between(settings: Settings): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const found: Found = (path, problem) => problems.push({ path, problem });
  if (settings.storage === 'kafka') {
    if (settings.kafka === undefined) found('kafka', 'is needed with storage: kafka');
    if (settings.redis === undefined) found('redis', 'is needed with storage: kafka');
  }
  ofRedis(settings, found);
  problems.push(...ofTenants(settings, found), ...ofSources(settings, found));
  ofGateway(settings, found);
  for (const [index, id] of (settings.deliver.channels ?? []).entries()) {
    if (!Object.hasOwn(settings.channels, id)) found(`deliver.channels[${index}]`, 'must be one of the channels');
  }
  problems.push(...configuredChannels(settings).problems);
  return problems;
}

/**
 * One YAML text as checked settings.
 * @throws ConfigurationError with every problem and its path
 */
export const readSettings = (text: string, environment: Readonly<Record<string, string | undefined>>): Settings =>
  readConfiguration(Settings, text, environment, between);
