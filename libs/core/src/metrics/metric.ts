/*
 * What a metric is. All of them stand in the tables of this folder: names and labels are checked by the compiler wherever
 * something is counted, documentation is written from here, and dashboards and alarms are compared with it.
 */

/**
 * The values of a label: a closed list, or what the configuration bounds. Never an account, a customer, an address or
 * anything else that comes from outside.
 */
export type LabelValues = readonly string[] | Bounded;

/** Bounded by the configuration: as many values as it has stages, partitions, channels ... */
export interface Bounded {
  readonly each: string;
}

export interface Metric {
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** What it says, as the documentation and the exposition print it. */
  readonly about: string;
}

export type Labels = Readonly<Record<string, string>>;

/** The labels of a metric, each with the values that it may have. */
export type LabelsOf<M extends Metric> = {
  readonly [Name in keyof M['labels']]: M['labels'][Name] extends readonly (infer Value)[] ? Value : string;
};

export const each = (of: string): Bounded => ({ each: of });

export const stage = each('stage');
export const partition = each('partition');
export const channel = each('channel');
export const source = each('source');
