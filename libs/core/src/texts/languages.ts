import { bulgarian } from './bulgarian.ts';
import { english } from './english.ts';
import { german } from './german.ts';
import type { Language } from './language.ts';

/** Every language there is. A new one is one file and one line here. */
export const languages: readonly Language[] = [english, bulgarian, german];

export interface ChosenLanguage {
  readonly language: Language;
  /** For numbers and dates, and reported to the channel: the wanted tag where its language exists. */
  readonly locale: string;
  readonly tag: string;
  /** The wanted one does not exist here. */
  readonly missing: boolean;
}

const primary = (tag: string): string => tag.split('-')[0]!.toLowerCase();

const isTag = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};

/** The customer's language, else the bank's, else English: a text is never empty. */
export function chooseLanguage(wanted: string, fallback: string): ChosenLanguage {
  const find = (tag: string) => languages.find((language) => language.tag === primary(tag));
  const found = find(wanted);
  const language = found ?? find(fallback) ?? english;
  const tag = found && isTag(wanted) ? wanted : language.tag;
  return { language, tag, locale: tag.includes('-') ? tag : language.locale, missing: found === undefined };
}
