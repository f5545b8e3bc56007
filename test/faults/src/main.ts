import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import { objections } from './judge/verdict.ts';
import { record } from './judge/results.ts';
import { embeddedKinds, kinds } from './kinds/index.ts';
import { defaults } from './options.ts';
import { brokenEngines } from './preload/index.ts';
import { say } from './say.ts';

const usage = `Usage: npm run test:faults -- --faults N --seed S [--bed distributed|embedded] [--brokers 1|3] [--kinds a,b] [--client kafkajs|platformatic]
       [--rate RECORDS] [--every MS] [--customers N] [--alert-away MS] [--snapshot-age MS] [--broken ENGINE] [--keep]
       [--no-record] [--results FILE]

Runs all services as processes, two instances of each, under a bank that writes all the time, and spoils something every
three seconds. An oracle outside the product then says what was lost, doubled, unexpected, reordered or not agreed to.
Kinds: ${kinds.map(({ name }) => name).join(', ')}.
On the embedded bed: ${embeddedKinds.map(({ name }) => name).join(', ')}.`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    faults: { type: 'string', default: String(defaults.faults) },
    seed: { type: 'string', default: String(defaults.seed) },
    bed: { type: 'string', default: defaults.bed },
    brokers: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    client: { type: 'string' },
    rate: { type: 'string', default: String(defaults.rate) },
    every: { type: 'string', default: String(defaults.everyMs) },
    customers: { type: 'string', default: String(defaults.customers) },
    'alert-away': { type: 'string', default: String(defaults.alertAwayMs) },
    'snapshot-age': { type: 'string', default: String(defaults.snapshotAgeMs) },
    broken: { type: 'string' },
    keep: { type: 'boolean', default: false },
    record: { type: 'boolean', default: true },
    results: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const numbers = [
  values.faults,
  values.seed,
  values.rate,
  values.every,
  values.customers,
  values['alert-away'],
  values['snapshot-age'],
].map(Number);
const fits =
  ['1', '3'].includes(values.brokers) &&
  ['distributed', 'embedded'].includes(values.bed) &&
  (values.broken === undefined || Object.hasOwn(brokenEngines, values.broken));
if (values.help || numbers.some((one) => !Number.isInteger(one)) || !fits) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const [faults, seed, rate, everyMs, customers, alertAwayMs, snapshotAgeMs] = numbers as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const campaign = new Campaign({
  faults,
  seed,
  bed: values.bed === 'embedded' ? 'embedded' : 'distributed',
  brokers: values.brokers === '3' ? 3 : 1,
  kinds: values.kinds?.split(','),
  client: values.client,
  rate,
  everyMs,
  customers,
  alertAwayMs,
  snapshotAgeMs,
  broken: values.broken,
  keep: values.keep,
});
let good = false;
// Whoever interrupts it must not leave anything frozen behind.
const interrupted = (): void => void campaign.close(true).finally(() => process.exit(130));
process.once('SIGINT', interrupted);
process.once('SIGTERM', interrupted);
/** However slow the machine is: a campaign that takes longer hangs. Those that happen alone take the longest, some 20 s. */
const longestMs = 900_000 + snapshotAgeMs + faults * (20_000 + 4 * everyMs + alertAwayMs / 5);
setTimeout(() => {
  say(`FAILED: it did not end within ${Math.round(longestMs / 60_000)} minutes`);
  interrupted();
}, longestMs).unref();
try {
  const result = await campaign.run();
  const against = [...objections(result.verdict), ...result.hollow];
  for (const one of against.slice(0, 60)) say(`OBJECTION ${one}`);
  const { records, reproductions, verdict } = result;
  say(
    `${records} bank records, ${reproductions} produced again, ${verdict.alerts} alerts, ${verdict.messages} messages; allowed: ${JSON.stringify(verdict.allowed)}`,
  );
  good = against.length === 0;
  if (values.record) await record(result, values.results);
  say(good ? 'PASSED' : `FAILED with ${against.length} objections`);
} catch (error) {
  say(`FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
} finally {
  await campaign.close(values.keep || !good);
}
process.exit(good ? 0 : 1);
