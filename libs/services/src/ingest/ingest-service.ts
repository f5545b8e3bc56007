import { ingestStage } from '@tocsin/core';
import type { Instant, SourceOptions } from '@tocsin/core';
import { formatOf } from '@tocsin/formats';
import { checked } from '@tocsin/nest';
import { sha256Bytes } from '../platform/digests.ts';
import { readingFrom } from '../platform/reading-from.ts';
import type { Service, ServiceContext } from '../service.ts';
import type { SourceSettings } from '../settings.ts';
import { stageFeed } from '../stage-feed.ts';
import { IngestController } from './ingest.controller.ts';

const kindOf = (format: string): SourceOptions['kind'] =>
  format === 'bank-answer' ? 'bank-answers' : format === 'account-event' ? 'account-events' : 'transactions';

const startOf = (startAt: string): 'earliest' | 'latest' | { readonly at: Instant } =>
  startAt === 'earliest' || startAt === 'latest' ? startAt : { at: Date.parse(startAt) };

function sourceOptions(source: SourceSettings, tenants: readonly string[]): SourceOptions {
  const { name, tenant, tenantHeader, alertsFrom, format } = source;
  const from = alertsFrom === undefined ? undefined : Date.parse(alertsFrom);
  return {
    name,
    kind: kindOf(format),
    tenantFromHeader: tenantHeader,
    tenants,
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(from === undefined ? {} : { alertsFrom: Object.fromEntries(tenants.map((id) => [id, from])) }),
  };
}

/** One stage for each topic of the bank's, as many as are configured. */
export function ingestService(context: ServiceContext): Service {
  const { settings, platform } = context;
  const tenants = Object.keys(settings.tenants);
  const feeds = [];
  for (const source of settings.sources) {
    context.metrics.count('ingested', { source: source.name, outcome: 'accepted' }, 0);
    const format = formatOf(source.format);
    if (format === undefined) throw new Error(`sources: the format "${source.format}" does not exist.`);
    const { value: options } = checked(format.options, source.options);
    const log =
      source.kafka === undefined
        ? platform.log
        : readingFrom(
            platform.otherLog(source.kafka, `${settings.installation}-${source.name}`),
            source.topic,
            platform.log,
          );
    if (source.kafka !== undefined) {
      context.dependencies.add({ name: `source ${source.name}`, check: () => log.ping() });
    }
    feeds.push(
      stageFeed({
        ...context,
        pattern: 'ingest',
        log,
        stage: ingestStage({
          source: sourceOptions(source, tenants),
          topic: source.topic,
          decode: (value, headers, receivedAt) => format.decode(value, headers, options, receivedAt),
          digest: sha256Bytes,
        }),
        startAt: startOf(source.startAt),
      }),
    );
  }
  return { name: 'ingest', feeds, controllers: [IngestController] };
}
