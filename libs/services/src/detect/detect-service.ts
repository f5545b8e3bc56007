import { detectStage } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';
import type { Service, ServiceContext } from '../service.ts';
import { stageFeed } from '../stage-feed.ts';
import { DetectController } from './detect.controller.ts';

export const detectService = (context: ServiceContext): Service => ({
  name: 'detect',
  feeds: [
    stageFeed({
      ...context,
      pattern: 'detect',
      stage: detectStage({ rules: fraudRules, conditions: customerConditions }),
    }),
  ],
  controllers: [DetectController],
});
