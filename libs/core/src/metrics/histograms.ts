import { channel, stage } from './metric.ts';
import type { LabelsOf, Metric } from './metric.ts';

/** By name, without `tocsin_`. All of them measure seconds. */
export const histograms = {
  checkpoint_seconds: { labels: { stage }, about: 'Time that a checkpoint took.' },
  alert_seconds: {
    labels: { channel },
    about: 'From the append of the bank’s record to the acceptance by the provider.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type HistogramName = keyof typeof histograms;
export type HistogramLabels<Name extends HistogramName> = LabelsOf<(typeof histograms)[Name]>;
