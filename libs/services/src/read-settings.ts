import { formatOf, formats } from '@tocsin/formats';
import { checked, readConfiguration } from '@tocsin/nest';
import type { ConfigurationProblem } from '@tocsin/nest';
import { configuredChannels } from './channel-table.ts';
import { Settings, TenantSettings } from './settings.ts';

/** What the classes cannot say: references between parts, and the options of plug-ins. */
function between(settings: Settings): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const missing = (path: string, problem: string) => problems.push({ path, problem });
  if (settings.storage === 'kafka') {
    if (settings.kafka === undefined) missing('kafka', 'is needed with storage: kafka');
    if (settings.redis === undefined) missing('redis', 'is needed with storage: kafka');
  }
  for (const [id, tenant] of Object.entries(settings.tenants)) {
    const path = `tenants.${id}`;
    if (!/^[a-z0-9-]{1,32}$/.test(id)) missing(path, 'must be 1 to 32 of a-z, 0-9 and hyphen');
    const { value, problems: found } = checked(TenantSettings, tenant, path);
    problems.push(...found);
    settings.tenants[id] = value;
  }
  const names = new Set<string>();
  for (const [index, source] of settings.sources.entries()) {
    const path = `sources[${index}]`;
    if (names.has(source.name)) missing(`${path}.name`, `"${source.name}" stands twice`);
    names.add(source.name);
    const format = formatOf(source.format);
    if (format === undefined)
      missing(`${path}.format`, `is not a format; there are: ${Object.keys(formats).join(', ')}`);
    else problems.push(...checked(format.options, source.options, `${path}.options`).problems);
    if (source.tenant === undefined && !source.tenantHeader)
      missing(`${path}.tenant`, 'is needed, or tenantHeader: true');
    if (source.tenant !== undefined && !Object.hasOwn(settings.tenants, source.tenant))
      missing(`${path}.tenant`, 'must be one of the tenants');
    if (!['earliest', 'latest'].includes(source.startAt) && Number.isNaN(Date.parse(source.startAt))) {
      missing(`${path}.startAt`, 'must be earliest, latest or a time such as 2026-01-01T00:00:00Z');
    }
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
