/** A `.cpuprofile` as `node --cpu-prof` writes it; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where a function lives: the package that is charged for it, and the file within. */
export interface Place {
  readonly group: string;
  readonly file: string;
}

/** What is nobody's code: the collector, and whatever V8 does between the lines (system calls, compiling). */
const outside = new Set(['(garbage collector)', '(program)', '(idle)', '(root)']);

export function placeOf(functionName: string, url: string): Place {
  if (outside.has(functionName)) return { group: functionName, file: functionName };
  if (url === '') return { group: '(native)', file: '(native)' };
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url);
  if (dependency !== null) return { group: dependency[1]!, file: `${dependency[1]}/${dependency[2]}` };
  const own = /\/((?:libs|apps|test)\/[^/]+)\/(?:dist|src)\/(.*?)\.[cm]?[jt]s$/.exec(url);
  if (own !== null) return { group: own[1]!, file: `${own[1]}/${own[2]}` };
  if (url.startsWith('node:')) return { group: 'node', file: url };
  return { group: 'other', file: url };
}

/** A function and the file in which it is, without the line. */
export function nameOf(functionName: string, { group, file }: Place): string {
  return file === group ? functionName || '(unnamed)' : `${functionName || '(anonymous)'} ${file}`;
}

export interface Row {
  readonly name: string;
  /** Self time in microseconds. */
  readonly micros: number;
}

export interface Summary {
  /** Time in which something ran, in microseconds: without `(idle)` and `(root)`. */
  readonly busyMicros: number;
  readonly groups: readonly Row[];
  readonly files: readonly Row[];
  readonly functions: readonly Row[];
}

export interface Window {
  /** Monotonic microseconds, as `startTime` of the profile; nothing outside is counted. */
  readonly from: number;
  readonly to: number;
}

const byTime = (times: ReadonlyMap<string, number>): readonly Row[] =>
  [...times].map(([name, micros]) => ({ name, micros })).sort((a, b) => b.micros - a.micros);

/** Self time of each node within the window, in microseconds. */
export function selfTimes(profile: CpuProfile, window: Window): ReadonlyMap<number, number> {
  const self = new Map<number, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    if (at >= window.from && at <= window.to) self.set(id, (self.get(id) ?? 0) + delta);
  });
  return self;
}

/** Self time by package, by file and by function, the dearest first. */
export function summarise(profile: CpuProfile, window: Window): Summary {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const self = selfTimes(profile, window);
  const groups = new Map<string, number>();
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyMicros = 0;
  for (const [id, micros] of self) {
    const { functionName, url, lineNumber } = frames.get(id)!;
    if (functionName === '(idle)' || functionName === '(root)') continue;
    busyMicros += micros;
    const place = placeOf(functionName, url);
    const { group, file } = place;
    const name = nameOf(functionName, place) + (file === group ? '' : `:${lineNumber + 1}`);
    for (const [table, key] of [
      [groups, group],
      [files, file],
      [functions, name],
    ] as const) {
      table.set(key, (table.get(key) ?? 0) + micros);
    }
  }
  return { busyMicros, groups: byTime(groups), files: byTime(files), functions: byTime(functions) };
}
