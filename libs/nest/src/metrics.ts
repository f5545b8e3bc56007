import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The metrics of one process, in Prometheus's text form. Names begin with `tocsin_`; labels are of low cardinality (stage,
 * channel, outcome, rule, code), never an account or a customer.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
  }

  /** Adds to `tocsin_<name>_total`. The label names of a counter are those of its first use. */
  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = new Counter({
        name: `tocsin_${name}_total`,
        help: help(name),
        labelNames: Object.keys(labels),
        registers: [this.registry],
      });
      this.#counters.set(name, counter);
    }
    counter.inc(labels, by);
  }

  set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({
        name: `tocsin_${name}`,
        help: help(name),
        labelNames: Object.keys(labels),
        registers: [this.registry],
      });
      this.#gauges.set(name, gauge);
    }
    gauge.set(labels, value);
  }

  /** What was set no longer holds in this process: another one reports it now. */
  remove(name: string, labels: Readonly<Record<string, string>>): void {
    this.#gauges.get(name)?.remove(labels);
  }

  /** Observes seconds in `tocsin_<name>`. */
  observe(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new Histogram({
        name: `tocsin_${name}`,
        help: help(name),
        labelNames: Object.keys(labels),
        buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
        registers: [this.registry],
      });
      this.#histograms.set(name, histogram);
    }
    histogram.observe(labels, value);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

const help = (name: string): string => `See docs/operating.md, ${name.replaceAll('_', ' ')}.`;
