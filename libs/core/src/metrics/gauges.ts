import { lanes } from '../records/delivery.ts';
import { channel, each, partition, stage } from './metric.ts';
import type { LabelsOf, Metric } from './metric.ts';

/** By name, without `tocsin_`. An instance reports only what is its own: the partitions that it owns at this moment. */
export const gauges = {
  /* Every stage. */
  lag_records: { labels: { stage, partition }, about: 'Records of the partition that have not been applied yet.' },
  lag_seconds: {
    labels: { stage, partition },
    about: 'While there is a lag: how long ago the record that was applied last had been appended.',
  },
  checkpoint_age_seconds: {
    labels: { stage, partition },
    about: 'For how long something that was applied has not been saved; 0 while all of it is.',
  },
  partitions: {
    labels: { stage, state: ['acquiring', 'catching-up', 'running', 'waiting', 'stopped'] },
    about: 'Partitions that this instance owns, by state. Over all instances they should add up to stage_partitions.',
  },
  stage_partitions: { labels: { stage }, about: 'Partitions of the topic that the stage reads.' },
  partition_stopped: {
    labels: {
      stage,
      partition,
      reason: [
        'FINGERPRINT_DIFFERS',
        'BEYOND_END',
        'BEFORE_START',
        'RECREATED',
        'STATE_EMPTY',
        'DEAD_LETTERS',
        'DEAD_LETTERS_TOPIC_MISSING',
        'ENTRY_TOO_LARGE',
        'ENTRY_FORMAT',
        'OUTPUT_TOPIC_UNKNOWN',
        'OUTPUT_REFUSED',
        'TIMER_LOOP',
      ],
    },
    about: '1 while the partition stands still until a person decides; absent otherwise.',
  },
  dependency_up: {
    labels: { dependency: each('log, state, short-term, barriers, or stage') },
    about: '1 while what the service needs answers or is in good order, as of this scrape; else 0.',
  },

  /* deliver */
  deliveries_waiting: {
    labels: { channel, lane: lanes },
    about: 'Deliveries that wait to be sent, due or not; those under way are not among them.',
  },
  retries_waiting: { labels: { channel, lane: lanes }, about: 'Of those, how many have been tried before.' },
  retries_due: { labels: { channel, lane: lanes }, about: 'Of those, how many should have been tried again by now.' },
  delivery_due_age_seconds: {
    labels: { channel, lane: lanes },
    about: 'How long the delivery that has been due for longest has waited to be sent.',
  },
  attempts_open: {
    labels: { channel, lane: lanes },
    about: 'Attempts whose outcome does not stand in the log yet.',
  },
  breaker_state: {
    labels: { channel, state: ['closed', 'open', 'probing'] },
    about: '1 for the state that the breaker of the provider account is in, 0 for the others.',
  },

  /* The process. */
  build_info: {
    labels: { version: each('build'), node: each('Node release') },
    about: 'Always 1; the labels say what runs.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type GaugeName = keyof typeof gauges;
export type GaugeLabels<Name extends GaugeName> = LabelsOf<(typeof gauges)[Name]>;
