import type { ChannelCapabilities, RenderedMessage } from '../channel.ts';
import type { DataClass } from '../consent.ts';
import { maskPan } from '../pan.ts';
import type { ContactRecord, MessageContent, MessageKind } from '../records/delivery.ts';
import type { Instant } from '../time.ts';
import { unhiddenClasses } from './field-classes.ts';
import type { MessageField } from './field-classes.ts';
import { smsLength, smsSafe } from './gsm7.ts';
import { chooseLanguage } from './languages.ts';
import type { ChosenLanguage } from './languages.ts';
import { words } from './language.ts';
import type { Parts, Telling } from './language.ts';
import { reasonsOf } from './reasons.ts';
import type { ReasonTable } from './reasons.ts';
import { partsOf, Shown, sumOf } from './visible.ts';
import type { Cut, Sight } from './visible.ts';

/** Raised when a text changes; stands in the ledger. */
export const textVersion = 1;

export interface RenderInput {
  readonly content: MessageContent;
  readonly contact: Pick<ContactRecord, 'language' | 'timeZone' | 'privacy'>;
  readonly bank: { readonly name: string; readonly fallbackLanguage: string };
  /** What consent, channel and the bank's policy allow now. */
  readonly classes: readonly DataClass[];
  readonly capabilities: Pick<ChannelCapabilities, 'maxLength' | 'buttons' | 'replies' | 'segmented'>;
  readonly now: Instant;
  /** The sentence for a rule, in a language or else in any; none where it has none for customers. */
  readonly reasonSentence: ReasonTable;
}

export interface Rendered extends RenderedMessage {
  /** Names of the fields in it, for the ledger. */
  readonly fields: readonly string[];
  readonly classes: readonly DataClass[];
  /** `<kind>/<language>/<version>`, for the ledger. */
  readonly textId: string;
  /** The customer's language has no texts: another was taken. */
  readonly missingLanguage: boolean;
  /** Characters replaced because they would have cost more segments. */
  readonly replaced: number;
  /** 1 where the channel has no segments. */
  readonly segments: number;
}

/** A grouped message lists so many; the rest is counted and summed. */
const linesListed = 5;
/** A merchant's name is never cut shorter. */
const shortestName = 12;
const longestName = 80;
const reasonsTold = 2;

const details: readonly (keyof Parts)[] = ['amount', 'merchant', 'payee', 'place', 'last4', 'balance'];
/** What one payment of a list shows. */
const lineFields: readonly (keyof Parts & MessageField)[] = ['amount', 'merchant', 'payee', 'time'];

/** What a text of each kind shows of a single payment. */
const shownOf: Readonly<Record<MessageKind, readonly (keyof Parts & MessageField)[]>> = {
  'fraud-check': ['amount', 'merchant', 'payee', 'place', 'last4', 'time'],
  'purchase-over': ['amount', 'merchant', 'payee', 'place', 'last4', 'time'],
  'international-use': ['amount', 'merchant', 'payee', 'place', 'last4', 'time'],
  deposit: ['amount', 'merchant', 'payee', 'last4', 'time'],
  'balance-below': ['balance', 'last4', 'time'],
  'answer-yes': ['last4'],
  'freeze-done': ['last4'],
  'freeze-failed': ['last4'],
  'freeze-waiting': ['last4'],
  'already-answered': [],
  clarification: [],
  'which-card': [],
  'late-answer': [],
  'stop-confirmation': [],
  'start-confirmation': [],
  help: [],
  agent: [],
};

const grouping: readonly MessageKind[] = ['fraud-check', 'purchase-over', 'international-use', 'deposit'];
/** What may say why it is told. */
const reasoned: readonly MessageKind[] = [...grouping, 'balance-below'];
const asking: readonly MessageKind[] = ['fraud-check', 'clarification'];

interface Composed {
  readonly text: string;
  readonly shown: Shown;
  readonly asks: boolean;
  readonly parameters: Readonly<Record<string, string>>;
}

const only = (parts: Parts, names: readonly (keyof Parts)[]): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([name]) => names.includes(name as keyof Parts)));

const same = <T>(values: readonly T[]): T | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined;

/** The payments as text, and which of their fields it shows. */
function tell({ content, bank }: RenderInput, sight: Sight, cut: Cut, shown: Shown): Telling {
  const { kind, items, more } = content;
  const count = grouping.includes(kind) ? items.length + (more?.count ?? 0) : 1;
  const seen = items.slice(0, linesListed).map((item) => partsOf(item, sight, cut));
  const first = seen[0] ?? {};
  const cards = sight.classes.has('last4') ? (content.cards ?? []).filter((last4) => /^\d{4}$/.test(last4)) : [];
  if (kind === 'which-card' && cards.length > 0) shown.add('cards');
  const base = { bank: bank.name, count, cards, said: content.answer ?? 'no', lines: [] } as const;
  if (count <= 1) {
    const parts = only(first, shownOf[kind]);
    const detailed = details.some((name) => parts[name] !== undefined);
    for (const name of Object.keys(parts)) shown.add(name as keyof Parts & MessageField);
    return { ...base, ...parts, detailed };
  }
  const last4 = items.length === seen.length && !more ? same(seen.map((parts) => parts.last4)) : undefined;
  const listed = seen.slice(0, cut.lines);
  if (!listed.every(({ amount, merchant, payee }) => amount ?? merchant ?? payee)) {
    const parts = only(first, last4 === undefined ? ['time'] : ['time', 'last4']);
    for (const name of Object.keys(parts)) shown.add(name as keyof Parts & MessageField);
    const detailed = last4 !== undefined;
    if (detailed || kind === 'fraud-check') shown.add('count');
    return { ...base, ...parts, detailed };
  }
  shown.add('count');
  const lines = listed.map((parts, index) => {
    for (const name of lineFields) if (parts[name] !== undefined) shown.add(name, index);
    return sight.language.line(parts, kind === 'deposit');
  });
  if (last4 !== undefined) shown.add('last4');
  const unlisted = count - lines.length;
  const sum =
    unlisted > 0 && kind !== 'fraud-check' && sight.classes.has('amount') ? sumOf(content, sight.locale) : undefined;
  if (sum !== undefined) shown.add('sum');
  return {
    ...base,
    ...(last4 === undefined ? {} : { last4 }),
    lines,
    ...(unlisted > 0 ? { more: { count: unlisted, ...(sum === undefined ? {} : { sum }) } } : {}),
    detailed: true,
  };
}

function compose(input: RenderInput, sight: Sight, cut: Cut): Composed {
  const { content, capabilities } = input;
  const { kind } = content;
  const { language } = sight;
  const shown = new Shown();
  const telling = tell(input, sight, cut, shown);
  const most = kind === 'fraud-check' ? 1 : reasonsTold;
  const tellsWhy = cut.reasons && telling.detailed && reasoned.includes(kind);
  const reasons = tellsWhy ? reasonsOf(content, input.reasonSentence, sight, cut, shown, most) : [];
  // Nobody can say yes to a payment of which the text tells nothing.
  const asks = kind === 'clarification' || (kind === 'fraud-check' && (telling.detailed || telling.time !== undefined));
  const how =
    kind === 'fraud-check' && asks ? (capabilities.replies ? language.replyYesOrNo : language.answerInApp) : undefined;
  const body = words(language.texts[kind](telling), ...reasons, how, content.mayRepeat && language.mayRepeat);
  const { bank, count, lines: _, more, cards: __, detailed: ___, said: ____, ...parts } = telling;
  const firstListed = telling.lines.length === 0 ? {} : only(partsOf(content.items[0]!, sight, cut), lineFields);
  return {
    text: kind === 'help' ? body : `${bank}: ${body}`,
    shown,
    asks: asks && asking.includes(kind),
    parameters: {
      bank,
      ...firstListed,
      ...parts,
      ...(count > 1 ? { count: String(count) } : {}),
      ...(more?.sum === undefined ? {} : { sum: more.sum }),
      ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
    },
  };
}

interface Limit {
  readonly fits: (text: string) => boolean;
}

/** One segment for one payment in Latin letters, two in others; more only where a list or a reason needs them. */
function limitsOf({ content, capabilities: { maxLength, segmented } }: RenderInput): readonly Limit[] {
  if (segmented !== true) return [{ fits: (text) => text.length <= maxLength }];
  const limit = (latin: number, other: number): Limit => ({
    fits: (text) => {
      const { encoding, segments } = smsLength(text);
      return segments <= (encoding === 'gsm-7' ? latin : other) && text.length <= maxLength;
    },
  });
  const list = content.items.length > 1;
  return [...(list ? [] : [limit(1, 2)]), limit(2, 3), limit(3, 3)];
}

const whole: Cut = { names: longestName, lines: linesListed, reasons: true, place: true, time: true };

/** What else can go once the names are as short as they may be, the mildest first. The amount is never among it. */
function* cuts(): Generator<Cut> {
  let least: Cut = { ...whole, names: shortestName, reasons: false };
  yield least;
  yield (least = { ...least, place: false });
  while (least.lines > 1) yield (least = { ...least, lines: least.lines - 1 });
  yield { ...least, time: false };
}

function longestNameOf({ items }: MessageContent): number {
  const names = items.slice(0, linesListed).flatMap(({ merchant, payee, place }) => [merchant, payee, place?.city]);
  return Math.min(longestName, Math.max(0, ...names.map((name) => [...(name ?? '')].length)));
}

/** The fullest text that fits; where not even the smallest does, the smallest. */
function fitting(input: RenderInput, sight: Sight, safe: (text: string) => string): Composed {
  const limits = limitsOf(input);
  const longest = longestNameOf(input.content);
  for (const { fits } of limits) {
    const tried = (names: number): Composed | undefined => {
      const composed = compose(input, sight, { ...whole, names });
      return fits(safe(composed.text)) ? composed : undefined;
    };
    const full = tried(longestName);
    if (full !== undefined) return full;
    let best = longest > shortestName ? tried(shortestName) : undefined;
    if (best === undefined) continue;
    // The longest names that still fit, by halving.
    for (let [fit, tooLong] = [shortestName, longest]; tooLong - fit > 1;) {
      const middle = (fit + tooLong) >> 1;
      const composed = tried(middle);
      if (composed === undefined) tooLong = middle;
      else [best, fit] = [composed, middle];
    }
    return best;
  }
  let smallest: Composed | undefined;
  for (const cut of cuts()) {
    smallest = compose(input, sight, cut);
    if (limits.at(-1)!.fits(safe(smallest.text))) break;
  }
  return smallest!;
}

const masked = (text: string): string => maskPan(text).text;

function sightOf({ contact, classes, now }: RenderInput, { language, locale }: ChosenLanguage): Sight {
  const open = contact.privacy === 'hidden' ? classes.filter((name) => unhiddenClasses.includes(name)) : classes;
  return { classes: new Set(open), language, locale, timeZone: contact.timeZone, now };
}

/**
 * The message as it may leave now: only fields of an allowed class, whole at every size down to "something happened", in
 * the customer's language and time. Pure: the same input gives the same text. What it tells is in `fields`.
 */
export function render(input: RenderInput): Rendered {
  const { content, contact, bank, capabilities } = input;
  const { kind, questionId } = content;
  const chosen = chooseLanguage(contact.language, bank.fallbackLanguage);
  const { language, tag } = chosen;
  const safe = (text: string): string => (capabilities.segmented === true ? smsSafe(text).text : text);
  const { text, shown, asks, parameters } = fitting(input, sightOf(input, chosen), safe);
  const buttons = asks && capabilities.buttons && questionId !== undefined;
  const safeText = masked(safe(text));
  return {
    text: safeText,
    subject: masked(contact.privacy === 'hidden' ? bank.name : `${bank.name}: ${language.subjects[kind]}`),
    language: tag,
    replies: buttons
      ? [
          { title: language.buttons.yes, payload: `Q:${questionId}:Y` },
          { title: language.buttons.no, payload: `Q:${questionId}:N` },
        ]
      : [],
    template: {
      name: kind,
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, masked(value)])),
    },
    fields: [...shown.fields],
    classes: [...shown.classes],
    textId: `${kind}/${language.tag}/${textVersion}`,
    missingLanguage: chosen.missing,
    replaced: capabilities.segmented === true ? smsSafe(text).replaced : 0,
    segments: capabilities.segmented === true ? smsLength(safeText).segments : 1,
  };
}
