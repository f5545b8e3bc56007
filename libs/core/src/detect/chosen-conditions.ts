import type { ConditionSetting } from '../records/account.ts';

/** Which conditions a holder switched on, and how. Many holders choose the same, so they share one of these. */
export interface ChosenConditions {
  /** The settings as JSON, as an entry holds them. */
  readonly text: string;
  readonly settings: readonly { readonly condition: string; readonly setting: ConditionSetting }[];
}

/** So many different choices are kept ready. */
const mostKept = 10_000;
const kept = new Map<string, ChosenConditions>();

export function chosenConditions(text: string): ChosenConditions {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const byId = JSON.parse(text) as Readonly<Record<string, ConditionSetting>>;
  const settings = Object.entries(byId).map(([condition, setting]) => ({ condition, setting }));
  const chosen: ChosenConditions = { text, settings };
  if (kept.size >= mostKept) kept.clear();
  kept.set(text, chosen);
  return chosen;
}
