import { describe, expect, it } from '@jest/globals';
import { counters, gauges, histograms } from '@tocsin/core';
import { tracked } from '../workspace.ts';
import { text } from './deploy-files.ts';
import { knownMetrics } from './known-metrics.ts';
import { metricsIn, metricsInVariable } from './promql.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
  readonly panels?: readonly Panel[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly type: string; readonly definition?: string }[] };
}

const files = tracked('deploy/grafana/*.json');
const dashboards = files.map((file) => JSON.parse(text(file)) as Dashboard);
const panelsOf = ({ panels }: Pick<Dashboard, 'panels'>): readonly Panel[] =>
  panels.flatMap((panel) => [panel, ...panelsOf({ panels: panel.panels ?? [] })]);

describe('the dashboard', () => {
  const panels = dashboards.flatMap(panelsOf);
  const asked = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, metrics: metricsIn(expr) })),
  );

  it('asks only for metrics that a service registers', async () => {
    const known = await knownMetrics();
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter(({ metrics }) => metrics.length === 0)).toEqual([]);
    const unknown = asked.flatMap(({ title, metrics }) =>
      metrics.filter((name) => !known.has(name)).map((name) => `${title}: ${name}`),
    );
    expect(unknown).toEqual([]);
    const variables = dashboards.flatMap(({ templating }) => templating.list.filter(({ type }) => type === 'query'));
    for (const { definition = '' } of variables) {
      const names = metricsInVariable(definition);
      expect(names).toHaveLength(1);
      expect(known.has(names[0]!)).toBe(true);
    }
  });

  it('shows everything that an operator was promised', () => {
    const shown = new Set(asked.flatMap(({ metrics }) => metrics));
    const promised = [
      'tocsin_lag_records',
      'tocsin_lag_seconds',
      'tocsin_checkpoint_age_seconds',
      'tocsin_records_dropped_total',
      'tocsin_fenced_total',
      'tocsin_deliveries_total',
      'tocsin_retries_due',
      'tocsin_breaker_state',
    ];
    expect(promised.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has panels that do not overlap, with ids of their own', () => {
    for (const dashboard of dashboards) {
      const all = panelsOf(dashboard);
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const taken = new Set<string>();
      for (const { title, gridPos } of all) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect({ title, taken: taken.has(`${x}/${y}`), inside: x < 24 }).toEqual({
              title,
              taken: false,
              inside: true,
            });
            taken.add(`${x}/${y}`);
          }
        }
      }
    }
  });
});

it('the names in the documentation are those of metrics', async () => {
  const known = await knownMetrics();
  const wrong: string[] = [];
  for (const file of tracked('*.md')) {
    for (const [name] of text(file).matchAll(/\btocsin_[a-z_]+/g)) if (!known.has(name)) wrong.push(`${file}: ${name}`);
  }
  expect(wrong).toEqual([]);
  expect(Object.keys({ ...counters, ...gauges, ...histograms }).length).toBeGreaterThan(40);
});
