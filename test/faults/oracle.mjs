// Judges a campaign: `node oracle.mjs <evidence.json>` prints JSON. A plain script that imports nothing of the product: what
// must come of the bank's records is said by the oracle of the end-to-end test, and compared here with what the providers
// received while everything around them failed. Times are milliseconds since 1970.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { judge, read } from '../e2e/oracle.mjs';

/** A message that was on its way when consent was taken back is not called back: check and call are some moments apart. */
const underWayMs = 500;
/** Questions are asked again after ten minutes, and three times at most. */
const reminderMs = 590_000;
const remindersAtMost = 2;
/** An urgent message waits so long for news of an attempt, after the attempt's own deadline. */
const doubtMs = 60_000;

/** A process that is being killed still sends for a moment. */
const killMs = 1_000;

/* ---- what a message says, from its words alone ---- */

const amountsIn = (text) =>
  [...text.matchAll(/(\d[\d,]*(?:\.\d+)?) ([A-Z]{3})\b/g)].map(
    ([, number, currency]) => `${number.replaceAll(',', '')} ${currency}`,
  );
const mayRepeat = (text) => text.includes('You may have had this message already');
const isFraud = (text) => /Did you (pay|make)|card payments? needs? your attention|^fraud_check/.test(text);
const isAnswer = (text) =>
  /Call the number on your card for help|You will get no more texts|You will get alerts here again/.test(text);

/* ---- which channels a customer agreed to, or the bank may use by law ---- */

const lawful = ['sms', 'email'];
const permits = (reach, channel, purpose) =>
  reach.addresses.includes(channel) &&
  (reach.grants.some((grant) => grant.channel === channel && grant.purpose === purpose) ||
    (purpose === 'fraud-protection' && lawful.includes(channel)));

const grouped = (items, keyOf) => Map.groupBy(items, keyOf);

/** Which rules were off when detect read the transaction: by the places of both in `account-events`. */
function rulesOff(evidence) {
  const byPartition = grouped(evidence.ruleSets, ({ partition }) => partition);
  const off = new Map();
  for (const { partition, offset, accountId, id } of evidence.transactions) {
    if (off.has(`${accountId} ${id}`)) continue;
    let version = 0;
    let rules = [];
    for (const one of byPartition.get(partition) ?? []) {
      if (one.offset > offset) break;
      if (one.version <= version) continue;
      version = one.version;
      rules = one.off;
    }
    off.set(`${accountId} ${id}`, rules);
  }
  return off;
}

export function verdictOf(evidence) {
  const { setUp, sent, taken, faults, doubts } = evidence;
  const found = { lost: [], doubled: [], unexpected: [], reordered: [], unconsented: [], misread: [] };
  const allowed = { repeated: {}, unknown: 0, saidInVain: 0, underWay: 0, reminded: 0, elsewhere: 0, overtaken: 0 };
  let compared = 0;
  const off = rulesOff(evidence);
  // In the order of time: of two copies in two partitions the later one says nothing new.
  const bank = evidence.bank
    .map((record) => ({ ...record, value: record.value === null ? null : Buffer.from(record.value, 'base64') }))
    .toSorted((a, b) => a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset);

  const copies = new Map();
  const lines = bank.map((record, number) => {
    const { transaction, code } = read(record.value, setUp.now);
    const key = transaction === undefined ? undefined : `${transaction.accountId} ${transaction.id}`;
    if (key !== undefined) copies.set(key, [...(copies.get(key) ?? []), record]);
    return { number, value: record.value, code, off: off.get(key) };
  });
  const expected = judge(lines, setUp);

  const customers = new Map(setUp.customers.map((one) => [one.id, one]));
  const messages = sent.filter(({ text }) => !isAnswer(text));
  const byAmount = new Map();
  for (const message of messages) {
    if (message.customerId === null)
      found.unexpected.push(`${message.channel} received a message for nobody we know: ${message.to}`);
    for (const amount of new Set(amountsIn(message.text))) {
      const key = `${message.customerId} ${amount}`;
      byAmount.set(key, [...(byAmount.get(key) ?? []), message]);
    }
  }
  const takenBack = new Map(taken.map((one) => [one.customerId, one]));
  const doubtfulSince = new Map(doubts.map(({ payment, at }) => [payment, at]));
  const nameless = grouped(
    messages.filter(({ text, seen }) => seen && isFraud(text) && amountsIn(text).length === 0),
    ({ customerId }) => customerId,
  );
  const orders = new Map();
  // Where the first delivery about a payment stands in the log that `deliver` reads.
  const deliveries = new Map();
  for (const { customerId, amount, channel, offset } of evidence.deliveries) {
    const key = `${customerId} ${amount} ${channel}`;
    if (!deliveries.has(key)) deliveries.set(key, offset);
  }
  const known = new Set();

  for (const alert of expected.alerts) {
    const { customerId, accountId, transactionId, amount, type } = alert;
    const name = `${type} ${amount} of ${transactionId} to ${customerId}`;
    const { reach } = customers.get(customerId);
    const own = copies.get(`${accountId} ${transactionId}`);
    const publishedAt = Math.min(...own.map(({ timestamp }) => timestamp));
    const told = (byAmount.get(`${customerId} ${amount}`) ?? []).toSorted((a, b) => a.at - b.at);
    const seen = told.filter((message) => message.seen);
    known.add(`${customerId} ${amount}`);

    for (const { text, channel } of told) {
      if (isFraud(text) !== (type === 'fraud-check'))
        found.unexpected.push(`${name} was told on ${channel} as something else: ${text}`);
    }
    const back = takenBack.get(customerId);
    const homes =
      type === 'fraud-check'
        ? reach.order.filter((channel) => permits(reach, channel, 'fraud-protection'))
        : back === undefined || publishedAt < back.askedAt
          ? [reach.routine, back && reach.routineLater].filter(Boolean)
          : publishedAt > back.answeredAt
            ? [reach.routineLater].filter(Boolean)
            : [reach.routine, reach.routineLater].filter(Boolean);
    for (const { channel, text } of told) {
      if (!homes.includes(channel)) found.unconsented.push(`${name} left on ${channel}: ${text}`);
    }
    if (homes.length === 0) continue;

    if (seen.length === 0) {
      const spare = type === 'fraud-check' ? nameless.get(customerId)?.shift() : undefined;
      const since = doubtfulSince.get(`${customerId} ${amount}`);
      if (spare !== undefined) allowed.elsewhere += 1;
      else if (
        type !== 'fraud-check' &&
        since !== undefined &&
        (told.some(misbehaved) || faultOfSender(faults, publishedAt, since) !== undefined)
      )
        allowed.unknown += 1;
      else found.lost.push(`${name}, published at ${new Date(publishedAt).toISOString()}, ${told.length} requests`);
      continue;
    }
    if (type === 'fraud-check' && seen[0].channel !== homes[0]) allowed.elsewhere += 1;
    repetitions(name, type, seen, told, faults, found, allowed);
    const settled = type === 'fraud-check' || homes.length === 1;
    const [partition, another] = new Set(own.map((copy) => copy.partition));
    // Between two partitions of the bank's topic nothing says what came first.
    if (settled && another === undefined) {
      const key = `${accountId} ${customerId} ${seen[0].channel} ${type} ${partition}`;
      const decided = deliveries.get(`${customerId} ${amount} ${seen[0].channel}`);
      const { place, at } = seen.length === 1 ? seen[0] : {};
      const one = { name, ...own[0], decided, told: place, at, tried: told };
      orders.set(key, [...(orders.get(key) ?? []), one]);
    }
  }

  for (const [key, all] of byAmount) {
    if (known.has(key)) continue;
    for (const { channel, text, customerId } of all)
      found.unexpected.push(`${customerId} was told on ${channel}: ${text}`);
  }
  for (const all of orders.values()) {
    const inOrder = all.toSorted((a, b) => a.offset - b.offset);
    for (let i = 1; i < inOrder.length; i++) {
      const [before, after] = [inOrder[i - 1], inOrder[i]];
      if (after.decided !== undefined && before.decided !== undefined) compared += 1;
      if (after.decided < before.decided) found.reordered.push(`${after.name} was decided before ${before.name}`);
      if (!(after.told < before.told)) continue;
      // An attempt is let go where the provider or whoever sends is in trouble, and nowhere else.
      if (
        before.tried.some(({ outcome }) => outcome !== 'accepted') ||
        faultOfSender(faults, after.timestamp, before.at)
      )
        allowed.overtaken += 1;
      else found.reordered.push(`${after.name} was told before ${before.name}, although nothing was in trouble`);
    }
  }
  withoutAttempt(sent, new Set(evidence.attempted), found);
  afterTaking(sent, taken, faults, found, allowed);
  rejections(lines, bank, evidence.rejected, found);

  return {
    alerts: expected.alerts.length,
    duplicates: expected.duplicates,
    rejections: expected.rejected.length,
    messages: messages.length,
    compared,
    found,
    allowed,
  };
}

/** The provider has taken it, and neither said so in time nor refused it. */
const misbehaved = ({ outcome }) => outcome !== 'accepted' && outcome !== 'refused';

/** What a sender stands on; where all is one process, that is the process and its disk. */
const underneath = /broker|redis|build|older|lag/;
const orOneProcess = new RegExp(`${underneath.source}|disk|embedded`);

/** A fault that can have hit whoever sends, or what it stands on, in that time or a little before. */
const faultOfSender = (faults, from, until, ground = orOneProcess) =>
  faults.find(({ beganAt, endedAt, kind, target }) => {
    const touches = target.startsWith('deliver') || target.startsWith('gateway') || ground.test(`${kind} ${target}`);
    return touches && beganAt <= until && (endedAt ?? Infinity) >= from - doubtMs;
  });

/** At most one message that does not own up to being a repetition; and repetitions only of what nobody could know. */
function repetitions(name, type, seen, told, faults, found, allowed) {
  if (seen.length === 1) {
    if (mayRepeat(seen[0].text)) allowed.saidInVain += 1;
    return;
  }
  const plain = seen.filter(({ text }) => !mayRepeat(text));
  // A reminder is a delivery of its own: what comes twice under one key is the same message once more.
  const keys = plain.map(({ key }) => key);
  const reminders =
    type === 'fraud-check'
      ? plain.filter(({ at, key }, i) => at - seen[0].at >= reminderMs && keys.indexOf(key) === i)
      : [];
  allowed.reminded += reminders.length;
  const where = seen
    .map(({ channel, at, outcome }) => `${channel} at ${new Date(at).toISOString()} (${outcome})`)
    .join(', ');
  if (
    plain.length - reminders.length > 1 ||
    reminders.length > remindersAtMost ||
    (type !== 'fraud-check' && seen.length > 1)
  ) {
    found.doubled.push(`${name} arrived ${seen.length} times: ${where}`);
    return;
  }
  for (const repeat of seen.filter(({ text }) => mayRepeat(text)).slice(plain.length === 0 ? 1 : 0)) {
    const cause = causeOf(repeat, told, faults);
    if (cause === undefined) found.doubled.push(`${name} was repeated although nothing was unknown: ${where}`);
    else allowed.repeated[cause] = (allowed.repeated[cause] ?? 0) + 1;
  }
}

/** Why the outcome of an earlier attempt could not be known. */
function causeOf(repeat, told, faults) {
  const earlier = told.filter((message) => message !== repeat);
  const doubtful = earlier.find(misbehaved);
  if (doubtful !== undefined) return `provider: ${doubtful.outcome}`;
  const first = Math.min(...told.map(({ at }) => at));
  // Where all is one process, its memory is gone with it and nothing else is: only a kill after the message explains anything.
  const killed = faults.some(
    ({ kind, beganAt }) => kind === 'embedded-kill' && beganAt >= first - killMs && beganAt <= repeat.at,
  );
  if (killed) return 'lost with the process (embedded-kill)';
  const around = faultOfSender(faults, first, repeat.at, underneath);
  return around === undefined ? undefined : `lost with a process, a connection or a store (${around.kind})`;
}

/** Nothing leaves before its attempt stands in the log; a full disk, for one, must not hide what left. */
function withoutAttempt(sent, attempted, found) {
  for (const { channel, to, key, text } of sent) {
    if (!attempted.has(key)) found.unexpected.push(`${channel} received for ${to} what has no attempt: ${text}`);
  }
}

function afterTaking(sent, taken, faults, found, allowed) {
  for (const { channel, to, place, answeredAt, mayAnswer } of taken) {
    const after = sent.filter(
      (one) => one.channel === channel && one.to === to && one.place >= place && !(mayAnswer && isAnswer(one.text)),
    );
    for (const { at, text } of after) {
      const frozen = faults.some(
        ({ kind, target, beganAt, endedAt }) =>
          kind === 'zombie' &&
          target.startsWith('deliver') &&
          beganAt <= answeredAt &&
          at <= (endedAt ?? Infinity) + 2_000,
      );
      if (at - answeredAt <= underWayMs || frozen) allowed.underWay += 1;
      else found.unconsented.push(`${channel} received this for ${to} ${at - answeredAt} ms after the answer: ${text}`);
    }
  }
}

/** Every record that cannot be taken stands on `rejected`, by its place and with the right code; and no other. */
function rejections(lines, bank, rejected, found) {
  const codes = new Map(rejected.map(({ partition, offset, code }) => [`${partition}/${offset}`, code]));
  lines.forEach(({ code }, i) => {
    const place = `${bank[i].partition}/${bank[i].offset}`;
    if (codes.get(place) !== code)
      found.misread.push(`${place} was rejected with ${codes.get(place)} instead of ${code}`);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(verdictOf(JSON.parse(readFileSync(process.argv[2], 'utf8'))))}\n`);
}
