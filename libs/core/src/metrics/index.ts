export { counters } from './counters.ts';
export type { Count, CounterLabels, CounterName } from './counters.ts';
export { gauges } from './gauges.ts';
export type { GaugeLabels, GaugeName } from './gauges.ts';
export { histograms } from './histograms.ts';
export type { HistogramLabels, HistogramName } from './histograms.ts';
export type { Bounded, LabelValues, Labels, Metric } from './metric.ts';
