import { seeded } from '../bank/random.ts';

/** How a fake provider misbehaves on one request. */
export type Fault =
  /** Answers this instead. With `accept` the message becomes visible to the customer all the same. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object is sent as JSON. */
      readonly body?: string | object;
      readonly accept?: boolean;
    }
  /** Answers with one row of the provider's own error table: `10/2018278`, `21610` … Nothing becomes visible. */
  | { readonly kind: 'error'; readonly code: string; readonly status?: number }
  /** 429, with `Retry-After` where seconds are given. */
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds?: number }
  /** Closes the connection after the headers, before it reads the body. Cannot depend on the recipient. */
  | { readonly kind: 'drop-before-body' }
  /** Reads everything, then closes. With `accept` the message becomes visible. */
  | { readonly kind: 'drop-after-body'; readonly accept?: boolean }
  /** The message becomes visible, and no answer ever comes. */
  | { readonly kind: 'never-answer' }
  /** Takes the message and answers, and then answers once more on the same connection, unasked. */
  | { readonly kind: 'answer-twice' }
  /** Takes the message at once, and answers later: a report can come before the answer. */
  | { readonly kind: 'slow'; readonly delayMs: number };

/** When a fault happens. All conditions that are set must hold. */
export interface FaultRule {
  readonly fault: Fault;
  /** For so many requests, then never again. Default: for ever. */
  readonly times?: number;
  /** Lets so many matching requests pass first. */
  readonly after?: number;
  /** 0 to 1, drawn from the fake's own seeded generator. */
  readonly probability?: number;
  /** Only for recipients whose address ends so. */
  readonly recipientSuffix?: string;
}

/** The faults of one fake, in the order in which they were added; the first that holds is taken. */
export class FaultScript {
  #rules: { readonly rule: FaultRule; skipped: number; used: number }[] = [];
  readonly #draw: () => number;

  constructor(seed: number) {
    this.#draw = seeded(seed);
  }

  /** Adds a rule; the function that is returned takes it away. */
  add(rule: FaultRule): () => void {
    if (rule.fault.kind === 'drop-before-body' && rule.recipientSuffix !== undefined) {
      throw new Error('A connection that is dropped before the body has no recipient yet.');
    }
    const entry = { rule, skipped: 0, used: 0 };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** Before the body: only faults that need none. After it (with the recipient): all others. */
  next(recipient: string | undefined): Fault | undefined {
    for (const entry of this.#rules) {
      const { fault, times, after = 0, probability, recipientSuffix } = entry.rule;
      if ((fault.kind === 'drop-before-body') !== (recipient === undefined)) continue;
      if (times !== undefined && entry.used >= times) continue;
      if (recipientSuffix !== undefined && recipient?.endsWith(recipientSuffix) !== true) continue;
      if (entry.skipped < after) {
        entry.skipped += 1;
        continue;
      }
      if (probability !== undefined && this.#draw() >= probability) continue;
      entry.used += 1;
      return fault;
    }
    return undefined;
  }
}
