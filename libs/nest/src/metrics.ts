import { counters, gauges, histograms } from '@tocsin/core';
import type {
  CounterLabels,
  CounterName,
  GaugeLabels,
  GaugeName,
  HistogramLabels,
  HistogramName,
  Labels,
} from '@tocsin/core';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const namesOf = <Table extends object>(table: Table) => Object.keys(table) as (keyof Table)[];
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * The metrics of one process, in Prometheus's text form: all that stand in the tables of @tocsin/core, and those of the
 * process itself. Names begin with `tocsin_`; labels are of low cardinality, never an account or a customer.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #counters: ReadonlyMap<string, Counter>;
  readonly #gauges: ReadonlyMap<string, Gauge>;
  readonly #histograms: ReadonlyMap<string, Histogram>;
  readonly #beforeScrape: (() => void)[] = [];

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    const registers = [this.registry];
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
    this.#counters = new Map(
      namesOf(counters).map((name) => {
        const { about, labels } = counters[name];
        return [
          name,
          new Counter({ name: `tocsin_${name}_total`, help: about, labelNames: Object.keys(labels), registers }),
        ];
      }),
    );
    this.#gauges = new Map(
      namesOf(gauges).map((name) => {
        const { about, labels } = gauges[name];
        return [name, new Gauge({ name: `tocsin_${name}`, help: about, labelNames: Object.keys(labels), registers })];
      }),
    );
    this.#histograms = new Map(
      namesOf(histograms).map((name) => {
        const { about, labels } = histograms[name];
        const labelNames = Object.keys(labels);
        return [name, new Histogram({ name: `tocsin_${name}`, help: about, labelNames, buckets, registers })];
      }),
    );
  }

  /** Adds to `tocsin_<name>_total`. By 0 it makes the series known, so that its first rise shows as one. */
  count<Name extends CounterName>(name: Name, labels: CounterLabels<Name> & Labels, by = 1): void {
    this.countNamed(name, labels, by);
  }

  /** The same for what a stage counted, where name and labels were checked when the stage was compiled. Must not throw. */
  countNamed(name: string, labels: Labels, by: number): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  set<Name extends GaugeName>(name: Name, labels: GaugeLabels<Name> & Labels, value: number): void {
    this.#gauges.get(name)?.set(labels, value);
  }

  /** The sum over all label values; undefined where nothing is set. */
  async total(name: GaugeName): Promise<number | undefined> {
    const { values } = await this.#gauges.get(name)!.get();
    return values.length === 0 ? undefined : values.reduce((sum, { value }) => sum + value, 0);
  }

  /** What was set no longer holds in this process: another one reports it now, or nobody. */
  remove<Name extends GaugeName>(name: Name, labels: GaugeLabels<Name> & Labels): void {
    this.#gauges.get(name)?.remove(labels);
  }

  /** Observes seconds in `tocsin_<name>`. */
  observe<Name extends HistogramName>(name: Name, labels: HistogramLabels<Name> & Labels, value: number): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  /** For what is known at any time and need not be kept up to date: it is asked when somebody looks. */
  beforeScrape(set: () => void): void {
    this.#beforeScrape.push(set);
  }

  text(): Promise<string> {
    for (const set of this.#beforeScrape) set();
    return this.registry.metrics();
  }
}
