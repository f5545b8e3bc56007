import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { needTool } from '@tocsin/testing';
import { root, tracked } from '../workspace.ts';
import { alertRules, ruleFiles, ruleTests, text, yaml } from './deploy-files.ts';
import { knownMetrics } from './known-metrics.ts';
import { metricsIn } from './promql.ts';

const promtool = (...parameters: readonly string[]): string =>
  execFileSync(needTool('promtool'), parameters, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

describe('the alarms', () => {
  const rules = alertRules();

  it('are what Prometheus can read', () => {
    expect(ruleFiles.length).toBeGreaterThan(0);
    expect(promtool('check', 'rules', ...ruleFiles)).toContain(`${rules.length} rules found`);
  });

  it('fire on what they are for and stay silent beside it, in Prometheus’s own tests of them', () => {
    promtool('test', 'rules', ...ruleTests);
    const tested = ruleTests.flatMap((file) =>
      (yaml(file) as { tests: RuleTest[] }).tests.flatMap(({ alert_rule_test }) => alert_rule_test),
    );
    const of = (alert: string, fires: boolean) =>
      tested.filter(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0 === fires).length;
    const untested = rules.filter(({ alert }) => of(alert, true) === 0 || of(alert, false) === 0);
    expect(untested.map(({ alert }) => alert)).toEqual([]);
  });

  it('are told from others by a name of their own, and say how urgent they are', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels } of rules) {
      expect(alert).toMatch(/^Tocsin[A-Z][A-Za-z]+$/);
      expect(['page', 'ticket']).toContain(labels['severity']);
    }
  });

  it('ask only for metrics that a service registers', async () => {
    const known = await knownMetrics();
    const asked = rules.map(({ alert, expr }) => ({ alert, metrics: metricsIn(expr) }));
    expect(asked.filter(({ metrics }) => metrics.length === 0)).toEqual([]);
    const unknown = asked.flatMap(({ alert, metrics }) =>
      metrics.filter((name) => !known.has(name)).map((name) => `${alert}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('each have a paragraph of the runbook, and each paragraph belongs to one', () => {
    const handbook = text('docs/operating.md');
    const [, section = ''] = /\n## Alarms\n([^]*?)(?=\n## |$)/.exec(handbook) ?? [];
    const paragraphs = [...section.matchAll(/^### (\w+)\n\n(.+)/gm)];
    expect(paragraphs.map(([, name]) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort());
    for (const [, , words = ''] of paragraphs) expect(words.length).toBeGreaterThan(100);
    for (const { alert, annotations } of rules) {
      expect(annotations['runbook']).toBe(`docs/operating.md#${alert.toLowerCase()}`);
    }
  });

  it('and their scrape configuration are what Prometheus can read', () => {
    for (const file of tracked('deploy/compose/prometheus.yaml')) promtool('check', 'config', '--syntax-only', file);
  });
});

describe('reading metrics out of PromQL', () => {
  it.each([
    ['up{job="tocsin"} == 0', ['up']],
    ['sum by (stage) (rate(a_total{x="b_total"}[5m])) > 0.05 * c', ['a_total', 'c']],
    ['max without (x) (a offset 5m) unless on (stage, y) b', ['a', 'b']],
    ['histogram_quantile(0.99, sum by (channel, le) (rate(d_bucket[$__rate_interval]))) or vector(1e3)', ['d_bucket']],
    ['count(count by (version) (build)) > bool 1', ['build']],
  ])('%s', (expression, names) => {
    expect(metricsIn(expression)).toEqual(names);
  });
});
