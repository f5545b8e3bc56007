import type { StepContext } from '../stage.ts';
import { lifecycleEntry } from './account-state.ts';
import type { AccountState, Lifecycle, SeenTransaction } from './account-state.ts';
import type { ReceivedTransaction } from './received-transaction.ts';
import { mayLieApart, openFor } from './seen-ids.ts';
import type { SeenIds } from './seen-ids.ts';
import type { WhereIdsLie } from './stored-account.ts';

/**
 * The lives of an account's payments that go by a lifecycle besides their id. Each has an entry of its own; but where a bank
 * names a lifecycle after the id of its first record, which then has none besides its id, that id is where the life stands.
 */
export class Lives {
  readonly #context: StepContext;
  readonly #record: ReceivedTransaction;
  readonly #account: AccountState;
  readonly #seen: SeenIds;
  /** As it was before the step: what that does must not change which entries it reads. */
  readonly #before: WhereIdsLie | undefined;

  constructor(context: StepContext, record: ReceivedTransaction, account: AccountState, seen: SeenIds, isNew: boolean) {
    this.#context = context;
    this.#record = record;
    this.#account = account;
    this.#seen = seen;
    const { apartUntil, lifecyclesUntil } = account;
    this.#before = isNew ? undefined : { seen: account.seen, apartUntil, lifecyclesUntil };
  }

  #entryOf(lifecycle: string): string {
    return lifecycleEntry(this.#record.tenantId, this.#record.transaction.accountId, lifecycle);
  }

  /**
   * The lifecycle of the step's own transaction, where it has one besides its id. It has also where the bank names none, but
   * a later record of the same payment came before it and was named after it.
   */
  get own(): string | undefined {
    const { id, lifecycleId } = this.#record.transaction;
    if (lifecycleId !== id) return lifecycleId;
    if (this.#before?.lifecyclesUntil === undefined) return undefined;
    return this.#context.entries.get(this.#entryOf(id)) === undefined ? undefined : id;
  }

  /** The record of this id, where it stands in no lifecycle of another name. */
  #first(lifecycle: string): SeenTransaction | undefined {
    const seen = this.#seen.get(lifecycle, mayLieApart(this.#before, lifecycle));
    return seen?.lifecycle === undefined ? seen : undefined;
  }

  get(lifecycle: string): Lifecycle | undefined {
    return this.#context.entries.get<Lifecycle>(this.#entryOf(lifecycle)) ?? this.#first(lifecycle);
  }

  put(lifecycle: string, life: Lifecycle): void {
    const { entries, at } = this.#context;
    const entry = this.#entryOf(lifecycle);
    const until = at + openFor;
    const first = entries.get(entry) === undefined ? this.#first(lifecycle) : undefined;
    if (first === undefined) {
      entries.put(entry, life, until);
      this.#account.lifecyclesUntil = until;
      return;
    }
    // What the first record said need not be what its payment says under a newer status: that is no contradiction.
    const { content: _, ...kept } = first;
    this.#seen.put(lifecycle, { ...kept, ...life }, until, mayLieApart(this.#before, lifecycle));
  }
}
