/** Observed values, thresholds and windows: what a person needs to follow the decision. No names, no full numbers. */
export type Evidence = Readonly<Record<string, unknown>>;

/** What a rule or a condition says of one transaction. Never a silent 0: what could not be judged says so. */
export type Decision =
  | {
      readonly kind: 'fired';
      /** 0 to 1: how sure the rule alone is that this is fraud. */
      readonly score: number;
      /** One sentence for staff. */
      readonly summary: string;
      readonly evidence: Evidence;
      /** Which row of the rule it was: `1H`; part of the reason code. */
      readonly reason?: string;
    }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'notApplicable'; readonly missing: readonly string[] }
  | { readonly kind: 'insufficientHistory'; readonly have: number; readonly need: number };

export const quiet: Decision = { kind: 'quiet' };

export const fired = (score: number, summary: string, evidence: Evidence, reason?: string): Decision =>
  reason === undefined
    ? { kind: 'fired', score, summary, evidence }
    : { kind: 'fired', score, summary, evidence, reason };

export const notApplicable = (...missing: readonly string[]): Decision => ({
  kind: 'notApplicable',
  missing,
});

export const insufficientHistory = (have: number, need: number): Decision => ({
  kind: 'insufficientHistory',
  have,
  need,
});
