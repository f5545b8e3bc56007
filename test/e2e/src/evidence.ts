import { readFileSync } from 'node:fs';
import { channels } from '@tocsin/channels';
import { topicNames, topicTable } from '@tocsin/core';
import type { BankRequest, LedgerRow, Log, LogRecord, StaffCase } from '@tocsin/core';
import type { WebhookReply } from '@tocsin/simulator';
import type { BankFile } from './bank-records.ts';
import type { Problem } from './checks/alerts.ts';
import type { DisclosureInput } from './checks/disclosure.ts';
import type { Sent } from './harness/sent.ts';
import { serviceNames } from './harness/services.ts';
import type { Services } from './harness/services.ts';
import { secrets, tenant } from './harness/settings.ts';
import { dump, header, json } from './harness/topics.ts';
import type { Verdict } from './verdict.ts';

interface Outside<T> {
  /** `ce_id`: readers outside know a record by it. */
  readonly id: string;
  readonly value: T;
}

/** What came of the taps on NO. */
export interface Answers {
  readonly unsigned: WebhookReply;
  /** Records that the unsigned one caused. */
  readonly afterUnsigned: number;
  readonly signed: readonly WebhookReply[];
}

/** Everything that the run left behind, for the checks. */
export interface Evidence {
  readonly file: BankFile;
  readonly verdict: Verdict;
  readonly topic: string;
  readonly bank: readonly LogRecord[];
  readonly rejected: readonly LogRecord[];
  readonly ledger: readonly LedgerRow[];
  readonly requests: readonly Outside<BankRequest>[];
  readonly cases: readonly Outside<StaffCase>[];
  readonly deadLetters: readonly LogRecord[];
  readonly sent: readonly Sent[];
  readonly alerts: readonly Problem[];
  readonly doubtful: number;
  readonly disclosure: DisclosureInput;
  readonly answers: Answers;
  readonly cardsCounted: number;
  /** By place: everything of the product's that could hold a card number. */
  readonly texts: ReadonlyMap<string, string>;
}

type Known = Pick<Evidence, 'file' | 'verdict' | 'topic' | 'sent' | 'alerts' | 'doubtful' | 'answers'>;

export async function collectEvidence(
  log: Log,
  services: Services,
  known: Known,
  taken: DisclosureInput['taken'],
): Promise<Evidence> {
  const records = new Map<string, readonly LogRecord[]>();
  for (const { name } of topicTable(channels.map(({ id }) => id))) records.set(name, await dump(log, name));
  const of = (name: string): readonly LogRecord[] => records.get(name)!;
  const outside = <T>(name: string): readonly Outside<T>[] =>
    of(name).map((record) => ({ id: header(record, 'ce_id') ?? '', value: json<T>(record) }));
  const text = ({ value }: LogRecord): string => Buffer.from(value ?? '').toString('utf8');

  const texts = new Map<string, string>();
  for (const [name, all] of records) texts.set(`topic ${name}`, all.map(text).join('\n'));
  for (const name of serviceNames) {
    texts.set(`log of ${name}`, readFileSync(services.logFile(name), 'utf8'));
    texts.set(`metrics of ${name}`, await services.metrics(name));
  }
  texts.set('messages', known.sent.map((message) => message.text).join('\n'));

  const ledger = of(topicNames.ledger).map((record) => json<LedgerRow>(record));
  return {
    ...known,
    bank: await dump(log, known.topic),
    rejected: of(topicNames.rejected),
    ledger,
    requests: outside<BankRequest>(topicNames.bankRequests),
    cases: outside<StaffCase>(topicNames.cases),
    deadLetters: of(topicNames.deadLetters),
    disclosure: { secret: secrets.installation, tenant, sent: known.sent, ledger, taken },
    cardsCounted: await services.metric('ingest', 'tocsin_ingest_warnings_total', { code: 'PAN_IN_FIELD' }),
    texts,
  };
}
