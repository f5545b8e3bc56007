// Says which alerts, cases and rejections must come of a published file: `node oracle.mjs <published> <set-up>` prints
// JSON. Written from the definitions alone (detection rules, customer alerts, the design's rulings) and importing nothing
// of the product, so that an error in one is not an error in both. It is slow and plain on purpose: an account is a list
// of its transactions, and every question walks that list.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/* ---- what a record must be (design 3.1, ruling 10) ---- */

const exponents = { EUR: 2, USD: 2, BGN: 2, JPY: 0, KWD: 3 };
const statuses = ['authorised', 'declined', 'pending', 'booked', 'reversed'];
const maxBytes = 64 * 1024;
const maxDepth = 16;

const depthOf = (value) =>
  value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const isMissing = (value) =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** RFC 3339 with an offset, or a day; NaN for anything that exists in no calendar. */
function instantOf(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (parts === null) return NaN;
  const [year, month, date] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month < 1 || month > 12 || date < 1 || date > lastDay) return NaN;
  return Date.parse(text);
}

function amountCode(value, currency) {
  if (!/^-?\d+(\.\d+)?$/.test(value)) return 'AMOUNT_INVALID';
  if (value.startsWith('-')) return 'AMOUNT_NEGATIVE';
  const exponent = exponents[currency];
  if (exponent === undefined) return undefined;
  const surplus = (value.split('.')[1] ?? '').slice(exponent);
  return /[1-9]/.test(surplus) ? 'AMOUNT_INVALID' : undefined;
}

/** The code with which a value is rejected, or the transaction that it holds. */
export function read(bytes, receivedAt) {
  if (bytes === null || bytes.length === 0) return { code: 'RECORD_EMPTY' };
  if (bytes.length > maxBytes) return { code: 'RECORD_TOO_LARGE' };
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { code: 'ENCODING_INVALID' };
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { code: 'JSON_INVALID' };
  }
  if (depthOf(value) > maxDepth) return { code: 'RECORD_TOO_DEEP' };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { code: 'SCHEMA_INVALID' };

  const { id, accountId, occurredAt, amount, direction, status = 'booked' } = value;
  const missing = [
    ['REF_MISSING', id],
    ['ACCOUNT_MISSING', accountId],
    ['TIME_MISSING', occurredAt],
    ['AMOUNT_MISSING', amount],
    ['AMOUNT_MISSING', typeof amount === 'object' && amount?.value !== '' ? amount?.value : amount],
    ['CURRENCY_MISSING', typeof amount === 'object' ? amount?.currency : amount],
    ['DIRECTION_MISSING', direction],
  ].find(([, field]) => isMissing(field));
  if (missing !== undefined) return { code: missing[0] };
  const texts = [id, accountId, occurredAt, amount?.value, amount?.currency, direction, status];
  if (texts.some((field) => typeof field !== 'string')) return { code: 'SCHEMA_INVALID' };
  if (!['debit', 'credit'].includes(direction)) return { code: 'SCHEMA_INVALID' };
  if (!statuses.includes(status)) return { code: 'STATUS_UNKNOWN' };
  const at = instantOf(occurredAt);
  if (Number.isNaN(at)) return { code: 'TIME_INVALID' };
  if (at > receivedAt + day) return { code: 'TIME_FUTURE' };
  const wrong = amountCode(amount.value, amount.currency);
  if (wrong !== undefined) return { code: wrong };
  if (exponents[amount.currency] === undefined) return { code: 'CURRENCY_UNKNOWN' };
  return { transaction: transactionOf(value, at, status) };
}

const minorOf = ({ value, currency }) => {
  const exponent = exponents[currency];
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
  return Number(`${sign}${whole}${fraction.slice(0, exponent).padEnd(exponent, '0')}`);
};

function transactionOf(value, at, status) {
  const { id, accountId, lifecycleId, customerId, amount, direction, channel, merchant, card, balanceAfter } = value;
  return {
    id,
    accountId,
    lifecycleId: lifecycleId ?? id,
    customerId,
    at,
    dayOnly: value.occurredAt.length === 10,
    minor: minorOf(amount),
    currency: amount.currency,
    text: amount.value,
    direction,
    status,
    channel,
    card: card?.token,
    country: merchant?.country,
    place: typeof merchant?.latitude === 'number' ? [merchant.latitude, merchant.longitude] : undefined,
    ip: value.device?.ip,
    device: value.device?.id,
    declineReason: value.declineReason,
    balance: balanceAfter === undefined ? undefined : minorOf(balanceAfter),
    content: JSON.stringify(sorted(value)),
  };
}

const sorted = (value) =>
  value === null || typeof value !== 'object' || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      );

/* ---- the six rules: each answers a score, 0 for quiet (detection rules, section 3 to 6) ---- */

const succeeded = ({ status }) => ['authorised', 'pending', 'booked'].includes(status);
const spent = (transaction) => transaction.direction === 'debit' && succeeded(transaction);
/** Half-open: exactly `width` old is outside. Nothing later than the one that is judged. */
const within = (all, at, width) => all.filter((other) => other.at > at - width && other.at <= at);
const unit = (currency) => 10 ** exponents[currency];

function velocityCount(account, now) {
  if (!spent(now) || now.dayOnly) return 0;
  const rows = [
    ['card', minute, 3, 0.6],
    ['card', hour, 3, 0.4],
    ['card', day, 10, 0.4],
    ['card', 7 * day, 60, 0.4],
    ['ip', hour, 5, 0.4],
    ['device', day, 15, 0.4],
  ];
  const fired = rows.filter(([key, width, least]) => {
    if (now[key] === undefined) return false;
    const same = account.transactions.filter((other) => spent(other) && !other.dayOnly && other[key] === now[key]);
    return within(same, now.at, width).length >= least;
  });
  return Math.max(0, ...fired.map(([, , , score]) => score));
}

function amountVsMedian(account, now) {
  if (!spent(now)) return 0;
  const prior = account.transactions.filter(
    (other) => other !== now && spent(other) && other.currency === now.currency && other.at <= now.at,
  );
  if (prior.length < 5) return 0;
  const latest = prior.sort((a, b) => b.at - a.at).slice(0, 50);
  const amounts = latest.map(({ minor }) => minor).sort((a, b) => a - b);
  const half = amounts.length / 2;
  const median = amounts.length % 2 === 1 ? amounts[Math.floor(half)] : (amounts[half - 1] + amounts[half]) / 2;
  if (now.minor < 100 * unit(now.currency) || now.minor < 3 * median) return 0;
  return now.minor < 3.5 * median ? 0.68 : now.minor < 4 * median ? 0.95 : 0.97;
}

/** Great-circle distance in kilometres. */
export function distance([lat1, lon1], [lat2, lon2]) {
  const rad = (degrees) => (degrees * Math.PI) / 180;
  const a =
    Math.sin(rad(lat2 - lat1) / 2) ** 2 +
    Math.cos(rad(lat1)) * Math.cos(rad(lat2)) * Math.sin(rad(lon2 - lon1) / 2) ** 2;
  return 2 * 6371.0088 * Math.asin(Math.sqrt(a));
}

function impossibleTravel(account, now) {
  const located = (other) =>
    other.channel === 'card-present' && other.place !== undefined && spent(other) && !other.dayOnly;
  if (!located(now)) return 0;
  const earlier = account.transactions.filter(
    (other) => other !== now && located(other) && other.card === now.card && other.at <= now.at,
  );
  const previous = earlier.sort((a, b) => b.at - a.at)[0];
  if (previous === undefined) return 0;
  const km = distance(previous.place, now.place);
  const hours = (now.at - previous.at) / hour;
  return km > 50 && (hours === 0 || km / hours > 900) ? 0.85 : 0;
}

function firstSeenCountry(account, now) {
  if (!spent(now) || now.country === undefined || now.minor < 200 * unit(now.currency)) return 0;
  const opened = account.openedOn ?? Math.min(...account.transactions.map(({ at }) => at));
  if (now.at - opened <= 30 * day) return 0;
  const seen = account.transactions.some(
    (other) => other !== now && spent(other) && other.at <= now.at && other.country === now.country,
  );
  return seen ? 0 : 0.4;
}

function declineBurst(account, now) {
  const counts = (other) =>
    other.status === 'declined' && !['91', '96'].includes(other.declineReason) && !other.dayOnly;
  if (!counts(now) || now.card === undefined) return 0;
  const same = account.transactions.filter((other) => counts(other) && other.card === now.card);
  if (within(same, now.at, 10 * minute).length >= 3) return 0.55;
  if (within(same, now.at, day).length >= 10) return 0.3;
  return within(same, now.at, 30 * day).length >= 15 ? 0.3 : 0;
}

function cardTesting(account, now) {
  const attempt = (other) =>
    other.direction === 'debit' &&
    other.status !== 'reversed' &&
    !other.dayOnly &&
    other.card === now.card &&
    other.currency === now.currency;
  if (now.card === undefined || !attempt(now)) return 0;
  const attempts = account.transactions.filter((other) => attempt(other) && other.at <= now.at);
  const tiny = ({ minor }) => minor <= 2 * unit(now.currency);
  const probesUpTo = (end) => within(attempts.filter(tiny), end.at, 10 * minute);
  const stages = attempts.filter((end) => tiny(end) && probesUpTo(end).length >= 3);
  const later = stages.some((end) => {
    if (end === now || now.at - end.at >= day) return false;
    return now.minor >= 50 * Math.max(...probesUpTo(end).map(({ minor }) => minor));
  });
  if (later) return 0.9;
  return stages.includes(now) ? 0.4 : 0;
}

/**
 * Noisy-OR over families; of near-duplicates the largest counts (section 10).
 * @param off ids of rules that the bank has switched off
 */
export function scoreOf(account, transaction, off = []) {
  const of = (id, rule) => (off.includes(id) ? 0 : rule(account, transaction));
  const families = [
    of('velocity-count', velocityCount),
    of('amount-vs-median', amountVsMedian),
    Math.max(of('impossible-travel', impossibleTravel), of('first-seen', firstSeenCountry)),
    of('decline-burst', declineBurst),
    of('card-testing', cardTesting),
  ];
  return 1 - families.reduce((quiet, score) => quiet * (1 - score), 1);
}

/* ---- what customers asked to be told (customer alerts 1, 4, 14, 17), in the order of the catalogue ---- */

const onCard = ({ channel }) => channel === 'card-present' || channel === 'card-not-present';
const told = ({ status }) => status === 'authorised' || status === 'booked';

function conditionsOf(account, holder, now) {
  const wanted = (name, standard) => {
    const setting = account.conditions[holder]?.[name];
    if (setting?.on !== true) return undefined;
    return setting.amount === undefined ? standard : minorOf(setting.amount);
  };
  const holds = [];
  const bought = now.direction === 'debit' && told(now) && !now.update;
  const purchase = wanted('purchase-over', 50 * unit(now.currency));
  if (purchase !== undefined && bought && onCard(now) && now.minor >= purchase) holds.push('purchase-over');
  const abroad = wanted('international-use', 1);
  const away = now.country !== undefined && now.country !== account.country;
  if (abroad !== undefined && bought && (onCard(now) || now.channel === 'atm') && away && now.minor >= abroad) {
    holds.push('international-use');
  }
  const low = wanted('balance-below', 100 * unit(now.currency));
  if (low !== undefined && now.balance !== undefined) {
    const armed = account.armed[holder] ?? true;
    if (armed && now.balance < low) {
      holds.push('balance-below');
      account.armed[holder] = false;
    } else if (!armed && now.balance >= low * 1.05) account.armed[holder] = true;
  }
  const deposit = wanted('deposit', 1);
  if (deposit !== undefined && now.direction === 'credit' && told(now) && now.minor >= deposit) holds.push('deposit');
  return holds;
}

/* ---- the fold ---- */

const rank = { pending: 0, authorised: 1, booked: 2, declined: 3, reversed: 3 };

/**
 * @param lines [{ number, file, value: Buffer | null, off?: string[] }] in the order of the file; off: rules switched off there
 * @param setUp { now, customers: [{ id }], accounts: [{ id, holders, settings, conditions }] }
 */
export function judge(lines, setUp) {
  const known = new Set(setUp.customers.map(({ id }) => id));
  const accounts = new Map();
  const accountOf = (id) => {
    if (!accounts.has(id)) {
      const given = setUp.accounts.find((account) => account.id === id);
      accounts.set(id, {
        id,
        holders: given?.holders?.map(({ customerId }) => customerId),
        country: given?.settings?.country,
        openedOn: given?.settings?.openedOn === undefined ? undefined : Date.parse(given.settings.openedOn),
        conditions: given?.conditions ?? {},
        transactions: [],
        versions: new Map(),
        armed: {},
        asked: new Set(),
      });
    }
    return accounts.get(id);
  };
  const verdict = { alerts: [], cases: [], rejected: [], accepted: 0, duplicates: 0, updates: 0, historyOnly: 0 };

  for (const { number, value, off } of lines) {
    const { code, transaction } = read(value, setUp.now);
    if (code !== undefined) {
      verdict.rejected.push({ line: number, code });
      continue;
    }
    const account = accountOf(transaction.accountId);
    const version = `${transaction.id}\n${transaction.status}`;
    const before = account.versions.get(version);
    if (before !== undefined) {
      if (before === transaction.content) verdict.duplicates += 1;
      else verdict.rejected.push({ line: number, code: 'DUPLICATE_CONFLICT' });
      continue;
    }
    account.versions.set(version, transaction.content);
    const same = account.transactions.find(
      ({ id, lifecycleId }) => id === transaction.id || lifecycleId === transaction.lifecycleId,
    );
    if (same !== undefined) {
      verdict.updates += 1;
      if (rank[transaction.status] > rank[same.status]) same.status = transaction.status;
      continue;
    }
    verdict.accepted += 1;
    account.transactions.push(transaction);
    if (transaction.at < setUp.now - 5 * day) verdict.historyOnly += 1;
    else find(account, transaction, known, verdict, off);
  }
  return verdict;
}

function find(account, transaction, known, verdict, off) {
  const { id, text, currency } = transaction;
  const fraud = scoreOf(account, transaction, off) >= 0.5 - 1e-9;
  const holders = account.holders ?? (transaction.customerId === undefined ? [] : [transaction.customerId]);
  const recipients = holders.length > 0 ? holders : [`account/${account.id}`];
  for (const customerId of recipients) {
    const conditions = conditionsOf(account, customerId, transaction);
    const base = { customerId, accountId: account.id, transactionId: id, amount: `${text} ${currency}` };
    if (!known.has(customerId)) {
      const listed = verdict.cases.some((one) => one.transactionId === id && one.accountId === account.id);
      if (fraud && !listed) verdict.cases.push({ kind: 'unknown-customer', accountId: account.id, transactionId: id });
      continue;
    }
    if (fraud) {
      const question = `${customerId}\n${transaction.card ?? ''}`;
      verdict.alerts.push({ ...base, type: 'fraud-check', joins: account.asked.has(question) });
      account.asked.add(question);
    } else if (conditions.length > 0) verdict.alerts.push({ ...base, type: conditions[0], joins: false });
  }
}

/** The file as it is published: one JSON object per line, bytes in Base64. */
export const linesOf = (text) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ value, ...line }) => ({ ...line, value: value === null ? null : Buffer.from(value, 'base64') }));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [file, setUp] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'));
  process.stdout.write(`${JSON.stringify(judge(linesOf(file), JSON.parse(setUp)))}\n`);
}
