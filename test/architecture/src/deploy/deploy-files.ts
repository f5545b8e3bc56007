import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { root, tracked } from '../workspace.ts';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export const text = (path: string): string => readFileSync(root + path, 'utf8');
export const yaml = (path: string): unknown => parse(text(path), { merge: true });

export const ruleFiles = tracked('deploy/alerts/*.yaml').filter((file) => !file.includes('/tests/'));
export const ruleTests = tracked('deploy/alerts/tests/*.yaml');

export const alertRules = (): readonly AlertRule[] =>
  ruleFiles.flatMap((file) =>
    (yaml(file) as { groups: { rules: AlertRule[] }[] }).groups.flatMap(({ rules }) => rules),
  );
