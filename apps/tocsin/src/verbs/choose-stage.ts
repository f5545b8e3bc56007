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

/** `3` or `0,2,5`; undefined where nothing was said. */
export function partitionsOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',');
  if (!parts.every((part) => /^\d+$/.test(part)))
    throw new UsageError('--partition must be numbers separated by commas.');
  return parts.map(Number);
}
