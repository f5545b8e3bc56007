import { hierarchy, partition } from 'd3-hierarchy';
import type { HierarchyRectangularNode } from 'd3-hierarchy';
import { micros } from '../report/table.ts';
import { nameOf, placeOf, selfTimes } from './cpu-profile.ts';
import type { CpuProfile, Window } from './cpu-profile.ts';

/** A function as it was called, with what it called below it. */
export interface Flame {
  readonly name: string;
  /** The package that is charged for it. */
  readonly group: string;
  /** Microseconds in the function itself. */
  selfMicros: number;
  readonly children: Flame[];
}

/** Calls of the same function from the same place are one; what was idle is left out. */
export function flameOf(profile: CpuProfile, window: Window): Flame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const self = selfTimes(profile, window);
  const root: Flame = { name: 'all', group: '(root)', selfMicros: 0, children: [] };
  const waiting = profile.nodes
    .filter(({ callFrame }) => callFrame.functionName === '(root)')
    .map((node) => [root, node] as const);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [flame, node] = next;
    for (const id of node.children ?? []) {
      const child = nodes.get(id)!;
      const { functionName, url } = child.callFrame;
      if (functionName === '(idle)') continue;
      const place = placeOf(functionName, url);
      const name = nameOf(functionName, place);
      let below = flame.children.find((one) => one.name === name);
      if (below === undefined) {
        below = { name, group: place.group, selfMicros: 0, children: [] };
        flame.children.push(below);
      }
      below.selfMicros += self.get(id) ?? 0;
      waiting.push([below, child]);
    }
  }
  return root;
}

const width = 1_200;
const rowHeight = 16;
const titleHeight = 28;
/** Narrower calls are not drawn: in a stage's profile they are thousands. */
const narrowest = 2.5;
const characterWidth = 6.3;

/** Ours warm, what it stands on cool, the collector dark. */
function colourOf(group: string): string {
  if (group === '(garbage collector)') return '#8a8f98';
  if (/^(libs|apps|test)\//.test(group))
    return { core: '#f2a65a', engine: '#e8745a', kafka: '#f4c95d' }[group.split('/')[1]!] ?? '#efb38a';
  return group === 'node' || group.startsWith('(') ? '#b8cfe0' : '#a7d3b5';
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);

type Box = HierarchyRectangularNode<Flame>;

function drawn({ data, x0, x1, depth, value }: Box, bottom: number, total: number, records: number): string {
  const wide = x1 - x0;
  const y = bottom - depth * rowHeight;
  const room = Math.floor((wide - 6) / characterWidth);
  const label = data.name.length <= room ? data.name : room > 4 ? `${data.name.slice(0, room - 1)}…` : '';
  const share = ((100 * value!) / total).toFixed(1);
  const told = `<title>${escaped(data.name)}: ${micros(value! / records)} µs per record, ${share} %</title>`;
  const text = label === '' ? '' : `<text x="${(x0 + 3).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
  return `<g>${told}<rect x="${x0.toFixed(1)}" y="${y}" width="${(wide - 0.5).toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(data.group)}"/>${text}</g>`;
}

/** A flame graph (Gregg, "The Flame Graph", 2016): width is time, what stands on a box was called by it. SVG. */
export function flameGraph(title: string, flame: Flame, records: number): string {
  const all = hierarchy(flame)
    .sum(({ selfMicros }) => selfMicros)
    .sort((a, b) => b.value! - a.value!);
  const boxes = partition<Flame>().size([width, 1])(all).descendants();
  const shown = boxes.filter(({ depth, x0, x1 }) => depth > 0 && x1 - x0 >= narrowest);
  const rows = Math.max(1, ...shown.map(({ depth }) => depth));
  const height = titleHeight + (rows + 1) * rowHeight;
  const bottom = height - rowHeight / 2;
  const total = all.value ?? 0;
  const heading = `${title}: ${micros(total / records)} µs busy per record`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="10.5">`,
    `<rect width="100%" height="100%" rx="6" fill="#fbfaf8"/><text x="8" y="19" font-size="13">${escaped(heading)}</text>`,
    ...shown.map((box) => drawn(box, bottom, total, records)),
    '</svg>',
    '',
  ].join('\n');
}
