import { againOf, partitionOf, topicNames } from '@tocsin/core';
import type { Appending, DeadLetter, DeliveryRecord, Instant, Log, LogRecord, RedriveRecord } from '@tocsin/core';
import { formatProvenance, provenanceHeader } from '@tocsin/engine';
import type { Platform } from '../platform/platform.ts';
import { everyRecord, jsonOf } from './every-record.ts';
import type { InstalledStage } from './installed-stages.ts';
import { auditOperator } from './operator-audit.ts';

/*
 * A dead letter is sent through again: the record that could not be processed goes to the end of its topic once more. It is
 * the same record under the same id, so whoever has had it drops it; and its source is the redrive's own, so nobody takes it
 * for the one that failed, and the same letter counts once however often it is sent.
 */

export type LetterAgain =
  | { readonly kind: 'append'; readonly record: Appending; readonly log: Log }
  /** Why it is left. */
  | { readonly kind: 'left'; readonly why: string };

const left = (why: string): LetterAgain => ({ kind: 'left', why });

export const redriveAction = 'redrive-dead-letter';

/** Under its id nothing else is ever appended: so the watermark of this source drops every further copy. */
const sourceOf = ({ id }: DeadLetter): string => formatProvenance(`redrive/${id}`, 0, 0);

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, 'base64');
const same = (one: Uint8Array | null, kept: string | undefined): boolean =>
  one === null ? kept === undefined : kept !== undefined && Buffer.compare(one, bytesOf(kept)) === 0;

/** What a letter is sent again as, or why it is left. */
export async function letterAgain(
  letter: DeadLetter,
  stages: readonly InstalledStage[],
  partitions: Platform['partitions'],
  now: Instant,
): Promise<LetterAgain> {
  const stage = stages.find(({ name }) => name === letter.stage);
  if (stage === undefined) return left(`this configuration has no stage ${letter.stage}`);
  if (letter.kind === 'undeliverable') return deliveryAgain(letter, stage, partitions, now);
  if (letter.kind === 'too-large') return left('its record was processed; what came of it was too large for the log');
  if (stage.kind === 'directory') return left('the address may have been tied to somebody else since');
  if (letter.value === undefined)
    return left('it holds no record: a timer failed, or the record was too large to keep');
  const { topic, partition, offset } = letter.origin;
  const [original] = await stage.log.read(topic, partition, offset, 1).catch(() => []);
  // At the same place of a topic that was created anew stands another one.
  if (original?.offset !== offset || !same(original.value, letter.value) || !same(original.key, letter.key))
    return left(`its record is no longer kept at ${topic}/${partition}/${offset}`);
  // To the bank's own topic it goes as the bank wrote it, like a rejected one.
  if (stage.kind === 'ingest') return { kind: 'append', record: againOf(original), log: stage.log };
  if (stage.kind === 'deliver' && isOfOneSend(original))
    return left('it belongs to a send of that time, which counts as unknown by now');
  const record = againOf(original);
  return {
    kind: 'append',
    record: { ...record, headers: { ...record.headers, [provenanceHeader]: sourceOf(letter) } },
    log: stage.log,
  };
}

/** Attempts and outcomes speak of an owner and a deadline that are gone. */
function isOfOneSend(record: LogRecord): boolean {
  try {
    const type = jsonOf<{ readonly type?: unknown }>(record)?.type;
    return type === 'attempt' || type === 'outcome';
  } catch {
    return false;
  }
}

/** What a provider refused: the delivery is opened anew, and decided again by consent, barriers and policy of then. */
function deliveryAgain(
  letter: DeadLetter,
  stage: InstalledStage,
  partitions: Platform['partitions'],
  now: Instant,
): LetterAgain {
  if (letter.value === undefined || letter.key === undefined) return left('it does not hold its delivery');
  const delivery = JSON.parse(new TextDecoder().decode(bytesOf(letter.value))) as DeliveryRecord;
  if (delivery.expiresAt <= now) return left(`it is stale since ${new Date(delivery.expiresAt).toISOString()}`);
  const value: RedriveRecord = {
    type: 'redrive',
    version: 1,
    id: `redrive/${letter.id}`,
    deliveryId: delivery.id,
    tenantId: delivery.tenantId,
    customerId: delivery.customerId,
    // Another channel may have told it meanwhile.
    delivery: { ...delivery, content: { ...delivery.content, mayRepeat: true } },
  };
  const key = new TextDecoder().decode(bytesOf(letter.key));
  const count = partitions[stage.topic];
  if (count === undefined) return left(`the topic ${stage.topic} is not one of this installation`);
  const record = { topic: stage.topic, partition: partitionOf(key, count), key, value: JSON.stringify(value) };
  return { kind: 'append', record, log: stage.log };
}

/** Which letters an operator has sent again, and when. */
export async function redriven(log: Log): Promise<ReadonlyMap<string, Instant>> {
  const found = new Map<string, Instant>();
  for await (const record of everyRecord(log, topicNames.audit)) {
    const row = jsonOf<{
      readonly action?: string;
      readonly at: Instant;
      readonly details?: { readonly letter?: string };
    }>(record);
    if (row?.action === redriveAction && row.details?.letter !== undefined) found.set(row.details.letter, row.at);
  }
  return found;
}

/** Writes down that a letter is sent again, then does it. */
export async function redriveLetter(
  platform: Platform,
  { id: letter, stage }: DeadLetter,
  { record, log }: Extract<LetterAgain, { kind: 'append' }>,
): Promise<void> {
  const { topic, partition } = record;
  await auditOperator(platform, {
    action: redriveAction,
    details: { letter, stage, topic, partition },
    at: Date.now(),
  });
  await log.append([record]);
  await platform.sync();
}
