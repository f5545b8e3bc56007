import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ConfigurationError, configurationExitCode, describeProblems, openLogger } from '@tocsin/nest';
import { FolderTaken } from '@tocsin/embedded';
import { CannotStart, openPlatform, readSettings, urlAt } from '@tocsin/services';
import type { Platform, Settings } from '@tocsin/services';
import { WordsOfTrouble } from './words-of-trouble.ts';

/** A mistake of the person at the terminal, with what to do about it. */
export class UsageError extends Error {}

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** For people, or with --json one JSON value for programs. */
export function print(json: boolean, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''));
}

/** A configuration here, else the one that the demonstration left. */
const defaultFile = (): string => {
  const demo = 'data/demo/tocsin.yaml';
  return existsSync('tocsin.yaml') || !existsSync(demo) ? 'tocsin.yaml' : demo;
};

export function settingsOf(program: Command): Settings {
  const file = program.opts<{ config?: string }>().config ?? process.env['TOCSIN_CONFIG'] ?? defaultFile();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${file}: ${(error as Error).message}. Name a configuration with --config; deploy/config.example.yaml is one to start from.`,
    );
  }
  try {
    return readSettings(text, process.env);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(describeProblems(error, file));
    throw error;
  }
}

/** Something that a command needs failed; said in words that help whoever ran it. */
class Failed extends Error {}

/** Opens log and state, does something, closes them again. Embedded storage belongs to one process: `whenTaken` asks that one. */
export async function withPlatform<T>(
  program: Command,
  act: (platform: Platform, settings: Settings, words: WordsOfTrouble) => Promise<T>,
  whenTaken?: (settings: Settings) => Promise<T>,
): Promise<T> {
  const settings = settingsOf(program);
  const words = new WordsOfTrouble(settings);
  let platform: Platform;
  try {
    platform = await openPlatform(settings, words.hearing(openLogger('tocsin', 'error')));
  } catch (error) {
    if (error instanceof CannotStart && error.cause instanceof FolderTaken && whenTaken !== undefined)
      return whenTaken(settings);
    throw error;
  }
  try {
    return await act(platform, settings, words);
  } catch (error) {
    throw error instanceof UsageError ? error : new Failed(words.of(error), { cause: error });
  } finally {
    await platform.close();
  }
}

/** For verbs that change what only the process that holds the storage may change. */
export const endItFirst = (): Promise<never> =>
  Promise.reject(new UsageError('Another process holds the embedded storage: end it, run this, and start it again.'));

/** Says what went wrong and ends: 2 for a mistake in configuration or usage, 1 for everything else. */
export function fail(error: unknown): never {
  if (error instanceof UsageError || error instanceof CannotStart) {
    say(error.message);
    process.exit(configurationExitCode);
  }
  // Of the configuration that the demonstration makes of its options.
  if (error instanceof ConfigurationError) {
    say(describeProblems(error, 'the options'));
    process.exit(configurationExitCode);
  }
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Where the process that holds the storage answers. */
export const urlOf = ({ http }: Settings): string => urlAt(http.host, http.port ?? 8080);
