import { InvalidArgumentError, Option } from 'commander';
import { rawClientNames } from '../baselines/raw-client.ts';

/** Options that several commands share, each with one text. */
export const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0.');
  return value;
};

export const fraction = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('must be above 0 and at most 1.');
  return value;
};

/** Reads a list of these words, separated by commas. */
export const listOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): readonly T[] =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name);
      if (found === undefined) throw new InvalidArgumentError(`there are ${known.join(', ')}.`);
      return found;
    });

export const recordsOption = (standard: number): Option =>
  new Option('-n, --records <count>', 'transactions').default(standard).argParser(wholeNumber);

export const clientOption = (): Option =>
  new Option('--client <name>', "the services' Kafka client: the setting kafka.client (default: the services' own)");

export const clientsOption = (): Option =>
  new Option('--clients <names>', 'Kafka clients, separated by commas')
    .default([...rawClientNames], 'kafkajs,platformatic')
    .argParser(listOf(rawClientNames));

export const runsOption = (): Option =>
  new Option('--runs <count>', 'repetitions; the table shows the median').default(3).argParser(wholeNumber);

export const jsonOption = (): Option => new Option('--json', 'print JSON, and no progress');
export const recordOption = (): Option =>
  new Option('--record', 'keep the result in docs/performance/, from which docs/performance.md is written');

export const accountsOption = (): Option =>
  new Option(
    '--accounts <count>',
    'with a holder each (default: enough that rules about frequency stay quiet)',
  ).argParser(wholeNumber);
