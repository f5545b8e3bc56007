import type { Away } from './committed.ts';
import type { Status } from './status.ts';

const unknown = '?';

/** Numbers to the right, words to the left. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const isNumber = rows[0]!.map((_, at) => rows.slice(1).every((row) => /^[\d.,?]+$/.test(row[at]!)));
  return rows.map((row) =>
    row
      .map((cell, at) => (isNumber[at] === true ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
}

const whole = (value: number | null): string => (value === null ? unknown : String(Math.round(value)));
const seconds = (value: number | null): string => (value === null ? unknown : value.toFixed(1));
const awayLine = (what: string, away: Away): string =>
  away === null ? `${what.padEnd(12)}answers` : `${what.padEnd(12)}AWAY: ${away}`;

/** What `tocsin status` prints for people. */
export function tableOf(status: Status): readonly string[] {
  const { log, state, stages, channels, instances } = status;
  const lines = [awayLine('log', log), awayLine('state store', state), ''];
  lines.push(
    ...columns([
      ['STAGE', 'PARTITIONS', 'BEHIND', 'SECONDS', 'UNSAVED S', 'REPRODUCED', 'FENCED', 'DEAD', 'SAVED UP TO'],
      ...stages.map(({ stage, committed, owned, ...stage_ }) => [
        stage,
        partitionsOf(owned, committed?.partitions),
        whole(committed?.lagRecords ?? stage_.lagRecords),
        seconds(committed?.lagSeconds ?? stage_.lagSeconds),
        seconds(stage_.checkpointAgeSeconds),
        whole(stage_.reproducedDropped),
        whole(stage_.fenced),
        whole(stage_.deadLetters),
        committed === null
          ? unknown
          : committed.clockAt === null
            ? 'nothing processed yet'
            : new Date(committed.clockAt).toISOString(),
      ]),
    ]),
  );
  for (const { stage, problem, stopped } of stages) {
    if (problem !== null) lines.push(`${stage}: what it has saved is not known: ${problem}`);
    for (const { partition, reason } of stopped)
      lines.push(`${stage}: partition ${partition} stands still (${reason}); see "tocsin doctor".`);
  }
  if (channels.length > 0) {
    lines.push(
      '',
      ...columns([
        ['CHANNEL', 'BREAKER', 'WAITING', 'RETRIES', 'RETRIES DUE', 'DUE FOR S', 'OPEN', 'ACCEPTED', 'UNKNOWN'],
        ...channels.map((one) => [
          one.channel,
          one.breaker,
          whole(one.waiting),
          whole(one.retriesWaiting),
          whole(one.retriesDue),
          seconds(one.dueAgeSeconds),
          whole(one.attemptsOpen),
          whole(one.outcomes['accepted'] ?? null),
          whole(one.outcomes['unknown'] ?? null),
        ]),
      ]),
    );
  }
  lines.push('');
  if (instances.length === 0) {
    lines.push('No service answers on this machine; name them with --from to see more than what was saved.');
  }
  for (const { url, answers, version, problems } of instances) {
    if (!answers) lines.push(`${url}  AWAY: ${problems[0]!.problem}`);
    else lines.push(`${url}  ${problems.length === 0 ? 'ready' : 'NOT READY'}, build ${version ?? unknown}`);
    if (answers) for (const { what, problem } of problems) lines.push(`  ${what}: ${problem}`);
  }
  return lines;
}

/** `32 running`, `30/32 running, 2 waiting`; only the number where no instance says. */
function partitionsOf(owned: Readonly<Record<string, number>>, all: number | undefined): string {
  const some = Object.entries(owned).filter(([, count]) => count > 0);
  const total = all === undefined ? '' : `/${all}`;
  if (some.length === 0) return Object.keys(owned).length === 0 ? String(all ?? unknown) : `0${total} owned`;
  return some.map(([state, count], at) => `${count}${at === 0 ? total : ''} ${state}`).join(', ');
}
