import { topicNames } from '@tocsin/core';
import type { Stage, StepContext } from '@tocsin/core';
import * as engine from '@tocsin/engine';
import { changed } from './replace.ts';
import type { StageOptions } from './stage-options.ts';

export * from '@tocsin/engine';

/** One output that the present build does not write, on a topic that no stage reads. */
const extra = {
  type: 'case',
  version: 1,
  id: 'extra',
  tenantId: 'bank',
  kind: 'staff-finding',
  severity: 'info',
  reasons: ['a newer build'],
  transactionIds: [],
  state: 'open',
  history: [],
};

const withExtra = <In>(stage: Stage<In>): Stage<In> =>
  changed(stage, {
    step(context: StepContext, record: In) {
      context.emit({ topic: topicNames.cases, key: 'bank:extra', value: extra });
      stage.step(context, record);
    },
  });

/** The engine, over stages of the newer build. */
export class StageRunner<In> extends engine.StageRunner<In> {
  constructor(options: StageOptions<In>) {
    super({ ...options, stage: withExtra(options.stage) });
  }
}
