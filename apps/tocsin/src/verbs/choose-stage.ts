import { installedStages } from '@tocsin/services';
import type { InstalledStage, Platform, Settings } from '@tocsin/services';
import { UsageError } from './with-platform.ts';

/** The stage of that name. */
export function chosenStage(settings: Settings, platform: Platform, name: string): InstalledStage {
  const stages = installedStages(settings, platform);
  const found = stages.find((stage) => stage.name === name);
  if (found === undefined)
    throw new UsageError(`There is no stage ${name}; there are: ${stages.map((stage) => stage.name).join(', ')}.`);
  return found;
}

/** How many partitions its topic has. */
export async function countOf({ name, topic, log }: InstalledStage): Promise<number> {
  const facts = await log.facts(topic);
  if (facts !== undefined) return facts.partitions;
  throw new UsageError(
    `The topic ${topic} of ${name} does not exist; "tocsin doctor" says which are missing, "tocsin topics create" makes those of ours.`,
  );
}

/** `3` or `0,2,5`, each of which the stage must have; undefined where nothing was said. */
export function partitionsOf(text: string | undefined, stage: string, count: number): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',');
  if (!parts.every((part) => /^\d+$/.test(part)))
    throw new UsageError('--partition must be numbers separated by commas.');
  const wanted = parts.map(Number);
  const unknown = wanted.filter((partition) => partition >= count);
  if (unknown.length > 0)
    throw new UsageError(`There is no partition ${unknown.join(', ')} of ${stage}; there are 0 to ${count - 1}.`);
  return wanted;
}
