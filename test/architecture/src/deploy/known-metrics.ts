import { Metrics } from '@tocsin/nest';

/** What a service registers when it starts, and the series that its histograms make. `up` is Prometheus's own. */
export async function knownMetrics(): Promise<ReadonlySet<string>> {
  const names = new Set(['up']);
  for (const { name, type } of await new Metrics().registry.getMetricsAsJSON()) {
    names.add(name);
    if (String(type) === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
  }
  return names;
}
