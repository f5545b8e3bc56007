import { counters, detectStage } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';
import type { Service, ServiceContext } from '../service.ts';
import { stageFeed } from '../stage-feed.ts';
import { DetectController } from './detect.controller.ts';

export function detectService(context: ServiceContext): Service {
  for (const outcome of counters.rule_sets.labels.outcome) context.metrics.count('rule_sets', { outcome }, 0);
  const stage = detectStage({ rules: fraudRules, conditions: customerConditions });
  return {
    name: 'detect',
    feeds: [stageFeed({ ...context, pattern: 'detect', stage })],
    controllers: [DetectController],
  };
}
