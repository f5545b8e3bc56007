import type { FiredCondition, FiredRule } from '../records/customer.ts';
import { cardOf, merchantOf } from '../rules/dimension.ts';
import type { Program, Verdict } from '../rules/program.ts';
import type { StepContext } from '../stage.ts';
import { days } from '../time.ts';
import type { Status, Transaction } from '../transaction.ts';
import { factsOf, holdersOf, newAccount, nobody, statusOrder } from './account-state.ts';
import type { AccountState, Lifecycle, SeenTransaction } from './account-state.ts';
import { conflictOutput } from './conflict.ts';
import { contentHash } from './content-hash.ts';
import { findingOutput } from './findings.ts';
import type { Found } from './findings.ts';
import { Lives } from './lives.ts';
import { namesOf } from './received-transaction.ts';
import type { ReceivedTransaction, TransactionEntries } from './received-transaction.ts';
import { mayLieApart, openFor, SeenIds, seenFor } from './seen-ids.ts';
import { findAccount } from './stored-account.ts';

/** Older than this when the bank sent it: it feeds history, and nobody is told. */
const alertAge = days(5);

const ranks = Object.fromEntries(statusOrder.map((status, rank) => [status, rank])) as Readonly<Record<Status, number>>;
const counts = (status: Status): boolean => ranks[status] <= ranks.booked;

const noVerdict: Verdict = { fired: [], shadow: [], notApplicable: [], insufficientHistory: [] };
const noConditions: readonly FiredCondition[] = [];
const noNames: readonly string[] = [];

/** Labels of counters, made once. */
const stage = 'detect';
const dropped = {
  duplicate: { stage, reason: 'duplicate' },
  superseded: { stage, reason: 'superseded' },
} as const;
const outcomes = {
  first: { outcome: 'first' },
  update: { outcome: 'update' },
  reversal: { outcome: 'reversal' },
} as const;
const late = { stage };
const historyOnly = { stage, outcome: 'history-only' } as const;
const conflicts = { source: stage, code: 'DUPLICATE_CONFLICT' } as const;

/** One transaction of one account: is it new, what do the rules and the holders' conditions say of it, who is told? */
export class TransactionStep {
  readonly #context: StepContext;
  readonly #record: ReceivedTransaction;
  readonly #program: Program;
  readonly #tx: Transaction;
  readonly #names: TransactionEntries;
  readonly #account: AccountState;
  readonly #seen: SeenIds;
  readonly #lives: Lives;
  /** Where it has one besides its id. */
  readonly #lifecycle: string | undefined;
  /** May its own id lie in an entry of its own? */
  readonly #apart: boolean;

  constructor(context: StepContext, record: ReceivedTransaction, program: Program) {
    this.#context = context;
    this.#record = record;
    this.#program = program;
    this.#tx = record.transaction;
    this.#names = namesOf(record);
    const known = findAccount(context.entries, this.#names.account);
    this.#account = known ?? newAccount();
    this.#apart = mayLieApart(known, this.#tx.id);
    this.#seen = new SeenIds(context.entries, this.#account, record.tenantId, this.#tx.accountId, context.at);
    this.#lives = new Lives(context, record, this.#account, this.#seen, known === undefined);
    this.#lifecycle = this.#lives.own;
    this.#openSeen();
  }

  /** Build 0.1.0 had an entry for each id, and they live for up to 30 days. */
  #openSeen(): void {
    const account = this.#account;
    const { at } = this.#context;
    if (account.seen === undefined) {
      account.seen = '';
      account.apartUntil = at + openFor;
    } else if (account.apartUntil !== undefined && account.apartUntil <= at) account.apartUntil = undefined;
    if (account.lifecyclesUntil !== undefined && account.lifecyclesUntil <= at) account.lifecyclesUntil = undefined;
  }

  run(): void {
    const content = contentHash(this.#tx);
    const seen = this.#seen.get(this.#tx.id, this.#apart);
    if (seen !== undefined && ranks[this.#tx.status] <= ranks[seen.status]) return this.#again(seen, content);
    const life = this.#lifecycle === undefined ? seen : this.#lives.get(this.#lifecycle);
    if (life !== undefined && ranks[this.#tx.status] < ranks[life.status]) return this.#overtaken(life, content);
    this.#know();
    const { frame } = this.#program;
    frame.lateDropped = 0;
    const fired = this.#tx.status === 'reversed' ? this.#reverse(life) : this.#judge(life, seen);
    this.#remember(content, life, fired);
    if (frame.lateDropped > 0) this.#context.count('late_dropped', late);
    this.#context.count(
      'transactions',
      outcomes[this.#tx.status === 'reversed' ? 'reversal' : life ? 'update' : 'first'],
    );
  }

  /** The same id once more: a copy, an earlier status that comes late, or a contradiction. */
  #again(seen: SeenTransaction, content: number): void {
    const sameStatus = this.#tx.status === seen.status;
    if (sameStatus && seen.content !== undefined && seen.content !== content) {
      this.#context.emit(conflictOutput(this.#record));
      return this.#context.count('rejected', conflicts);
    }
    this.#keepSeen(seen);
    this.#context.count('records_dropped', sameStatus ? dropped.duplicate : dropped.superseded);
  }

  /** Its lifecycle is further already: the authorisation comes after its booking. The id is kept, so that a copy is one. */
  #overtaken({ at, minor }: Lifecycle, content: number): void {
    const { status } = this.#tx;
    this.#keepSeen({ status, content, at, minor, ...this.#inLifecycle() });
    this.#context.count('records_dropped', dropped.superseded);
  }

  #know(): void {
    const account = this.#account;
    const { customerId, occurredAt } = this.#tx;
    if (customerId !== undefined) account.owner = customerId;
    if (account.firstAt === undefined || occurredAt < account.firstAt) account.firstAt = occurredAt;
  }

  #begin(known?: Lifecycle): void {
    const account = this.#account;
    this.#program.begin(this.#tx, factsOf(account, this.#tx.occurredAt), account.history, known);
  }

  /** What a reversal takes back leaves every window that counted it. Nobody is told, but balances are looked at. */
  #reverse(life: Lifecycle | undefined): readonly string[] {
    if (life !== undefined && counts(life.status)) {
      this.#begin(life);
      this.#program.withdraw();
    } else this.#withdrawNamed();
    this.#begin();
    for (const customerId of holdersOf(this.#account)) this.#conditionsOf(customerId, life?.fired ?? noNames, true);
    return noNames;
  }

  /** The transaction that `reversalOf` names. One not seen yet is marked, so that it is not counted when it comes. */
  #withdrawNamed(): void {
    const { id, reversalOf, occurredAt, amount } = this.#tx;
    if (reversalOf === undefined || reversalOf === id) return;
    const seen = this.#seen.get(reversalOf, true);
    const lifecycle = seen?.lifecycle;
    const life = lifecycle === undefined ? seen : this.#lives.get(lifecycle);
    if (life !== undefined && counts(life.status)) {
      this.#begin(life);
      this.#program.withdraw();
    }
    const unknown = { at: occurredAt, minor: amount.minor };
    this.#seen.put(reversalOf, { ...(seen ?? unknown), status: 'reversed' }, this.#context.at + openFor, true);
    if (lifecycle !== undefined) this.#lives.put(lifecycle, { ...(life ?? unknown), status: 'reversed' });
  }

  #judge(life: Lifecycle | undefined, seen: SeenTransaction | undefined): readonly string[] {
    // A refund that was refused took nothing back.
    if (this.#tx.status !== 'declined') this.#withdrawNamed();
    const known = life !== undefined && counts(life.status) ? life : undefined;
    // A second decline within one lifecycle is the same decline.
    if (life !== undefined && known === undefined) return noNames;
    this.#begin(known);
    const tooLate = this.#isHistory();
    if (tooLate) this.#context.count('records', historyOnly);
    const firedBefore = life?.fired ?? noNames;
    const verdict = tooLate ? noVerdict : this.#program.judge(firedBefore);
    const names = this.#tell(verdict, firedBefore, tooLate, seen?.fired !== undefined);
    if (known === undefined) this.#program.absorb();
    else if (this.#tx.status === 'declined') this.#program.turnIntoDecline();
    return names;
  }

  /** So old when the bank sent it that nobody wants to be told any more. */
  #isHistory(): boolean {
    const { receivedAt, alertsFrom } = this.#record;
    const { occurredAt } = this.#tx;
    return occurredAt < receivedAt - alertAge || (alertsFrom !== undefined && occurredAt < alertsFrom);
  }

  /** Writes a finding to everybody concerned, and returns the names of what fired. */
  #tell(verdict: Verdict, firedBefore: readonly string[], tooLate: boolean, again: boolean): readonly string[] {
    const { accountId } = this.#tx;
    const fired = verdict.fired.length === 0 ? verdict.fired : verdict.fired.filter((rule) => !this.#isTrusted(rule));
    for (const { rule } of fired) this.#context.count('findings', { rule, mode: 'live' });
    for (const { rule } of verdict.shadow) this.#context.count('findings', { rule, mode: 'shadow' });
    const names: string[] = [];
    for (const { rule } of fired) names.push(rule);
    for (const { rule } of verdict.shadow) names.push(rule);
    const holders = holdersOf(this.#account);
    const recipients = holders.length === 0 ? [nobody(accountId)] : holders;
    for (const customerId of recipients) {
      const conditions = this.#conditionsOf(customerId, firedBefore, tooLate);
      for (const { condition } of conditions) names.push(`${condition}@${customerId}`);
      if (fired.length + verdict.shadow.length + conditions.length === 0) continue;
      const found: Found = {
        record: this.#record,
        verdict,
        fired,
        ruleSetVersion: this.#program.version,
        again,
      };
      this.#context.emit(findingOutput(found, customerId, conditions, this.#context.recordAt));
    }
    return names;
  }

  /** The customer said of such a payment that it was genuine, not long ago. */
  #isTrusted({ rule }: FiredRule): boolean {
    const { trusted } = this.#account;
    if (trusted === undefined) return false;
    const merchant = merchantOf(this.#tx);
    const card = cardOf(this.#tx) ?? '';
    const isTrusted = trusted.some(
      (trust) =>
        trust.rule === rule && trust.merchant === merchant && trust.card === card && this.#tx.occurredAt < trust.until,
    );
    if (isTrusted) this.#context.count('findings_suppressed', { rule });
    return isTrusted;
  }

  /** Which of this holder's conditions hold. With `muted` they only keep up what they remember. */
  #conditionsOf(customerId: string, firedBefore: readonly string[], muted: boolean): readonly FiredCondition[] {
    const ofHolder = this.#account.conditions?.find((one) => one.customerId === customerId);
    if (ofHolder === undefined) return noConditions;
    let held: FiredCondition[] | undefined;
    for (const { condition, setting } of ofHolder.chosen.settings) {
      const running = this.#program.conditions.get(condition)?.condition;
      if (!setting.on || running === undefined || (muted && running.edgeTriggered !== true)) continue;
      const decision = this.#program.ask(condition, { setting, memory: ofHolder.memory?.[condition] });
      if (decision === undefined || decision.kind === 'notApplicable') continue;
      if (decision.memory !== undefined) (ofHolder.memory ??= {})[condition] = decision.memory;
      if (muted || decision.kind === 'quiet' || firedBefore.includes(`${condition}@${customerId}`)) continue;
      this.#context.count('findings', { rule: condition, mode: 'live' });
      (held ??= []).push({ condition, evidence: decision.evidence });
    }
    return held ?? noConditions;
  }

  #remember(content: number, life: Lifecycle | undefined, fired: readonly string[]): void {
    const { status, occurredAt, amount } = this.#tx;
    const state: Lifecycle = { status, at: life?.at ?? occurredAt, minor: life?.minor ?? amount.minor };
    const firedBefore = life?.fired ?? noNames;
    // By far the most transactions: nothing fired, and the bank names no lifecycle.
    if (this.#lifecycle === undefined && firedBefore.length + fired.length === 0) {
      return this.#keepSeen({ ...state, content });
    }
    const all = [...firedBefore, ...fired];
    const named = all.length === 0 ? state : { ...state, fired: all };
    if (this.#lifecycle !== undefined) this.#lives.put(this.#lifecycle, named);
    this.#keepSeen({
      ...named,
      content,
      ...this.#inLifecycle(),
      ...(all.length === 0 ? {} : this.#whereabouts()),
    });
  }

  #inLifecycle(): { readonly lifecycle?: string } {
    return this.#lifecycle === undefined ? {} : { lifecycle: this.#lifecycle };
  }

  /** What a label that comes later has to know of this transaction. */
  #whereabouts(): { readonly card: string; readonly merchant?: string } {
    const merchant = merchantOf(this.#tx);
    const card = cardOf(this.#tx) ?? '';
    return merchant === undefined ? { card } : { card, merchant };
  }

  /** The last change of a step that takes anything from its record. */
  #keepSeen(seen: SeenTransaction): void {
    const { entries, at } = this.#context;
    const isOpen = seen.lifecycle === undefined && ranks[seen.status] < ranks.booked;
    this.#seen.put(this.#tx.id, seen, at + (isOpen ? openFor : seenFor), this.#apart);
    entries.put(this.#names.account, this.#account);
  }
}
