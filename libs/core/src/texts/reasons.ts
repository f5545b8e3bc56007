import type { DataClass } from '../consent.ts';
import { messageKinds } from '../records/delivery.ts';
import type { MessageContent, MessageKind } from '../records/delivery.ts';
import { countryName } from './country-name.ts';
import type { MessageField } from './field-classes.ts';
import { partsOf } from './visible.ts';
import type { Cut, Shown, Sight } from './visible.ts';

/**
 * A customer's sentence for a rule. It may use `{amount} {merchant} {country} {time} {last4} {payee} {balance}`, and is told
 * only where all that it uses may be told. `classes` are those that its words let guess beyond that.
 */
export type ReasonSentence = string | { readonly text: string; readonly classes: readonly DataClass[] };

export type ReasonTable = (ruleId: string, language: string) => ReasonSentence | null | undefined;

const isKind = (id: string): id is MessageKind => messageKinds.some((kind) => kind === id);

/** Fills the placeholders from the newest payment; undefined where one of them must not or cannot be told. */
function filled(sentence: string, content: MessageContent, sight: Sight, cut: Cut, shown: Shown): string | undefined {
  const item = content.items[0] ?? {};
  const country = item.place?.country;
  const values: Readonly<Record<string, string | undefined>> = {
    ...partsOf(item, sight, cut),
    country: country !== undefined && sight.classes.has('place') ? countryName(country, sight.locale) : undefined,
  };
  const names = [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  if (names.some((name) => values[name] === undefined)) return undefined;
  for (const name of names) shown.add(name === 'country' ? 'place' : (name as MessageField));
  const text = sentence.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Why it is told, up to `most` sentences: for fraud what the strongest rule saw, else what other conditions held. */
export function reasonsOf(
  content: MessageContent,
  table: ReasonTable,
  sight: Sight,
  cut: Cut,
  shown: Shown,
  most: number,
): readonly string[] {
  const told: string[] = [];
  for (const id of content.reasons) {
    if (told.length === most) break;
    // A condition has a message of its own; beside another one a short sentence of the language says enough.
    const entry = isKind(id) ? sight.language.also[id] : table(id, sight.language.tag);
    const sentence = typeof entry === 'string' ? { text: entry, classes: [] } : (entry ?? undefined);
    if (sentence === undefined || !sentence.classes.every((name) => sight.classes.has(name))) continue;
    const text = filled(sentence.text, content, sight, cut, shown);
    if (text !== undefined) told.push(text);
  }
  if (told.length > 0) shown.add('reason');
  return told;
}
