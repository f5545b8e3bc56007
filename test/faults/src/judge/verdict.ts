/** What the oracle prints. */
export interface Verdict {
  /** Alerts that had to come of what the bank wrote. */
  readonly alerts: number;
  readonly duplicates: number;
  readonly rejections: number;
  readonly messages: number;
  /** Pairs of alerts of one account whose order of deciding was compared. */
  readonly compared: number;
  /** Objections, one sentence each; a good run has none. */
  readonly found: Readonly<
    Record<'lost' | 'doubled' | 'unexpected' | 'reordered' | 'unconsented' | 'misread', readonly string[]>
  >;
  readonly allowed: {
    /** Told again, saying so, because nobody could know whether the first attempt arrived; by cause. */
    readonly repeated: Readonly<Record<string, number>>;
    /** Routine alerts whose one attempt has an unknown outcome and did not arrive: never sent again, shown in the inbox. */
    readonly unknown: number;
    /** Told once, saying that it may repeat. */
    readonly saidInVain: number;
    /** Left in the moment in which consent was taken back. */
    readonly underWay: number;
    readonly reminded: number;
    /** Urgent, and told on another channel than the first one. */
    readonly elsewhere: number;
    /** Decided in order, but told after the next one of the account: an attempt was let go or left behind by its owner. */
    readonly overtaken: number;
  };
}

export const objections = ({ found }: Verdict): readonly string[] =>
  Object.entries(found).flatMap(([what, all]) => all.map((one) => `${what}: ${one}`));
