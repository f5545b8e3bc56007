// The table of fault campaigns in docs/operating.md, from docs/faults/results.ndjson.
import { readFileSync } from 'node:fs';
import { embeddedSource, guaranteeSource } from './guarantee-source.mjs';

const root = new URL('..', import.meta.url);
const begin = '<!-- faults: written by `npm run docs` -->';
const end = '<!-- /faults -->';
const counted = /Counted for source `([0-9a-f]+)` .* embedded storage `([0-9a-f]+)`/;

const read = (path) => {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = (ms) => (ms === undefined ? '–' : (ms / 1_000).toFixed(1));

/** While instances of a stage came and went under load: the longest time in which one of its partitions saved nothing. */
function pausesOf(passed) {
  const longest = new Map();
  for (const { pauses = [] } of passed) {
    for (const { what, longestMs } of pauses) longest.set(what, [...(longest.get(what) ?? []), longestMs]);
  }
  if (longest.size === 0) return [];
  const each = [...longest]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, all]) => `${what}: ${seconds(Math.max(...all))} s (${all.length} times)`);
  return [`Longest pause of one partition, which saves once a second otherwise: ${each.join('; ')}.`, ''];
}

/** For how long the two faults that are told an age lasted at most, in the runs that say so. */
function agesOf(passed) {
  const longest = (field) => Math.max(0, ...passed.map((run) => run[field] ?? 0));
  const [away, snapshot] = [longest('alertAwayMs'), longest('snapshotAgeMs')];
  return [
    ...(away === 0 ? [] : [`\`alert\` was away for ${away / 60_000} minutes at most.`]),
    ...(snapshot === 0 ? [] : [`The oldest snapshot that was restored was ${snapshot / 60_000} minutes old.`]),
  ];
}

/** Of what a campaign has to show: so many faults, seeds, faults on three brokers, and of each kind. */
const demanded = { faults: 1_000, seeds: 10, three: 200, ofEach: 20 };

function demandedText({ faults, seeds, three, kinds }) {
  const rare = [...kinds]
    .filter(([, { count }]) => count < demanded.ofEach)
    .map(([kind, { count }]) => `${kind} ${count}`);
  const short = [
    ...(faults < demanded.faults ? [`${faults} of ${demanded.faults} faults`] : []),
    ...(seeds < demanded.seeds ? [`${seeds} of ${demanded.seeds} seeds`] : []),
    ...(three < demanded.three ? [`${three} of ${demanded.three} faults on three brokers`] : []),
    ...(rare.length > 0 ? [`less than ${demanded.ofEach} times: ${rare.join(', ')}`] : []),
  ];
  const wanted = `${demanded.faults} faults over ${demanded.seeds} seeds, ${demanded.three} of them on three brokers, each kind ${demanded.ofEach} times`;
  return `Wanted: ${wanted}. ${short.length === 0 ? 'There are.' : `Missing yet: ${short.join('; ')}.`}`;
}

/** By kind, over all runs of the same sources: how often, and how long until all partitions delivered again. */
export function faultTable(runs, source, embedded) {
  const own = runs.filter(
    (run) =>
      run.source === source && run.broken === undefined && (run.embedded === undefined || run.embedded === embedded),
  );
  const passed = own.filter(({ verdict }) => verdict === 'passed');
  const kinds = new Map();
  for (const { faults } of passed) {
    for (const [kind, { count, recoveryMs }] of Object.entries(faults)) {
      const known = kinds.get(kind) ?? { count: 0, recoveryMs: [] };
      kinds.set(kind, { count: known.count + count, recoveryMs: [...known.recoveryMs, ...recoveryMs] });
    }
  }
  const sum = (of) => passed.reduce((total, run) => total + of(run), 0);
  const repeated = {};
  for (const { allowed } of passed) {
    for (const [cause, count] of Object.entries(allowed.repeated)) repeated[cause] = (repeated[cause] ?? 0) + count;
  }
  const allowed = (name) => sum((run) => run.allowed[name] ?? 0);
  const failed = own.filter(({ verdict }) => verdict !== 'passed');
  const seeds = new Set(passed.map(({ seed }) => seed)).size;
  const three = passed.filter(({ brokers }) => brokers === 3);
  const faultsOf = (some) =>
    some.flatMap(({ faults }) => Object.values(faults)).reduce((total, { count }) => total + count, 0);
  const byClient = [...new Set(passed.map(({ client }) => client))]
    .sort()
    .map((client) => `${client} ${faultsOf(passed.filter((run) => run.client === client))}`);
  return [
    begin,
    '',
    `Counted for source \`${source}\` (engine, Kafka and Redis adapters) and embedded storage \`${embedded}\`; runs before the last change to these do not count. ${passed.length} runs passed, and in them nothing was lost, unexpected, decided out of order or sent without consent. ${failed.length} did not pass${failed.length === 0 ? '' : ` (${failed.map(({ seed, objections }) => `seed ${seed}: ${objections} objection${objections === 1 ? '' : 's'}`).join('; ')}; [why](faults/README.md)), and their faults are not counted`}.`,
    `${faultsOf(passed)} faults over ${seeds} seeds, ${faultsOf(three)} of them on three brokers${byClient.length > 0 ? `; by client: ${byClient.join(', ')}` : ''}. ${demandedText({ faults: faultsOf(passed), seeds, three: faultsOf(three), kinds })}`,
    `${sum(({ records }) => records)} bank records, ${sum(({ alerts }) => alerts)} alerts, ${sum(({ reproductions }) => reproductions)} re-productions dropped.`,
    `Told again because nobody could know, and saying so: ${
      Object.entries(repeated)
        .map(([cause, count]) => `${count} × ${cause}`)
        .join('; ') || 'none'
    }. Told once, saying that it may repeat: ${allowed('saidInVain')}. Routine, outcome unknown, not told again (it stands in the inbox): ${allowed('unknown')}. Urgent, on another channel than the first one: ${allowed('elsewhere')}. Decided in order and told in the other: ${allowed('overtaken')}. On its way while consent was taken back: ${allowed('underWay')}. Reminders of open questions: ${allowed('reminded')}.`,
    ...agesOf(passed),
    '',
    ...pausesOf(passed),
    '| fault | times | recovered after, median (s) | longest (s) |',
    '| --- | --- | --- | --- |',
    ...[...kinds]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([kind, { count, recoveryMs }]) =>
          `| ${kind} | ${count} | ${seconds(median(recoveryMs))} | ${seconds(recoveryMs.length === 0 ? undefined : Math.max(...recoveryMs))} |`,
      ),
    '',
    end,
  ].join('\n');
}

/**
 * docs/operating.md with the present table. Whoever only compares asks for the source that the page itself names: a change
 * of the engine makes no page wrong, which says what it counts.
 */
export function operatingWithFaults({ check }) {
  const page = read('docs/operating.md');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < 0) return page;
  const runs = read('docs/faults/results.ndjson')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const [, source = guaranteeSource(), embedded = embeddedSource()] = (check && counted.exec(page)) || [];
  return page.slice(0, from) + faultTable(runs, source, embedded) + page.slice(to + end.length);
}
