import type { ChannelId, ConsentChange, DataClass, Purpose } from '../consent.ts';
import { bytesOf, entryRoom } from './entry-size.ts';
import type { ConsentCell, ConsentState } from './state.ts';

/*
 * The ledger is append-only: every change becomes a line, also one that comes too late to matter. What stands is a matrix
 * of cells, each with the newest change of that very cell (and, where a grant of it does not give everything that a revocation
 * of it takes, also the newest revocation); a question about one channel, purpose and class is answered by
 * the newest of the up to eight cells that cover it. So the order of arrival never matters, only when the customer decided.
 */

const maxLines = 200;
const maxCells = 300;
/** Of the entry: what stands comes before the lines of how it came about. */
const maxCellBytes = 52 * 1024;

/** A grant of `*` covers these; whatever says more about a person must be granted by its name. */
export const plainClasses: readonly DataClass[] = ['existence', 'amount', 'merchant', 'time', 'last4'];

const cellKey = (channel: string, purpose: string, dataClass: string): string => `${channel}|${purpose}|${dataClass}`;

const covers = (wide: string, narrow: string): boolean => {
  const parts = narrow.split('|');
  return wide.split('|').every((part, index) => part === '*' || part === parts[index]);
};

/** On equal times the revocation wins: a doubt is never resolved in favour of sending. */
const outranks = (a: Pick<ConsentCell, 'action' | 'acceptedAt'>, b: ConsentCell): boolean =>
  a.acceptedAt > b.acceptedAt || (a.acceptedAt === b.acceptedAt && a.action === 'revoke' && b.action === 'grant');

/** Adds a line to the ledger, without touching what stands. */
export function recordConsent(state: ConsentState, change: ConsentChange): void {
  const { ledger } = state;
  ledger.push(change.evidence === undefined ? change : { ...change, evidence: change.evidence.slice(0, 200) });
  let room = entryRoom - bytesOf(state.cells) - bytesOf(ledger);
  if (ledger.length <= maxLines && room >= 0) return;
  // The lines on which something still rests are the last to go; all of them stand in the log of consent records as well.
  const grounds = new Set(
    Object.values(state.cells).flatMap(({ consentId, revocation }) => [consentId, revocation?.consentId]),
  );
  while (ledger.length > 1 && (ledger.length > maxLines || room < 0)) {
    const spare = ledger.findIndex((line, index) => !grounds.has(line.id) && index < ledger.length - 1);
    const [dropped] = ledger.splice(Math.max(spare, 0), 1);
    room += bytesOf(dropped);
    state.dropped += 1;
  }
}

/** A grant of such a cell is narrower than a revocation of it: third-party channels and some classes must be granted by name. */
const isWide = (key: string): boolean => key.startsWith('*|') || key.endsWith('|*');

const revocationIn = (cell: ConsentCell | undefined): ConsentCell['revocation'] =>
  cell?.action === 'revoke' ? { acceptedAt: cell.acceptedAt, consentId: cell.consentId } : cell?.revocation;

function grant(
  state: ConsentState,
  key: string,
  { acceptedAt, id: consentId }: ConsentChange,
): 'applied' | 'superseded' {
  const standing = state.cells[key];
  const cell: ConsentCell = { action: 'grant', acceptedAt, consentId };
  if (standing && !outranks(cell, standing)) return 'superseded';
  const revocation = isWide(key) ? revocationIn(standing) : undefined;
  state.cells[key] = revocation ? { ...cell, revocation } : cell;
  return 'applied';
}

function revoke(
  state: ConsentState,
  key: string,
  { acceptedAt, id: consentId }: ConsentChange,
): 'applied' | 'superseded' {
  const standing = state.cells[key];
  const cell: ConsentCell = { action: 'revoke', acceptedAt, consentId };
  const late = standing !== undefined && !outranks(cell, standing);
  if (late) {
    const earlier = revocationIn(standing);
    if (!isWide(key) || (earlier && earlier.acceptedAt >= acceptedAt)) return 'superseded';
  }
  for (const [other, covered] of Object.entries(state.cells)) {
    if (covers(key, other) && outranks(cell, covered)) delete state.cells[other];
  }
  // Under a newer grant it still takes back what that grant is too wide to give.
  state.cells[key] = late ? { ...standing, revocation: { acceptedAt, consentId } } : cell;
  return 'applied';
}

const isFull = (cells: ConsentState['cells'], key: string): boolean =>
  (!cells[key] && Object.keys(cells).length >= maxCells) || bytesOf(cells) > maxCellBytes;

/** Records the change and lets it take effect, unless a newer one stands. */
export function applyConsent(state: ConsentState, change: ConsentChange): 'applied' | 'superseded' | 'full' {
  recordConsent(state, change);
  const key = cellKey(change.channel, change.purpose, change.dataClass);
  const full = isFull(state.cells, key);
  if (change.action === 'grant') return full ? 'full' : grant(state, key, change);
  // Too many cells: a revocation then takes the whole channel rather than being lost.
  return revoke(state, full ? cellKey(change.channel, '*', '*') : key, change);
}

interface Cell {
  readonly purpose: string;
  readonly dataClass: string;
  /** `*` as the channel of a third party: such a cell can only take back. */
  readonly wideChannel: boolean;
  readonly standing: ConsentCell;
  /** How wide: the narrower one is asked first, and of equal rank it decides. */
  readonly width: number;
}

/** The cells that concern one channel, taken apart once, so that a question about it compares a handful of them. */
export class ChannelConsents {
  readonly #cells: readonly Cell[];

  constructor(state: ConsentState, channel: ChannelId, thirdParty: boolean) {
    const cells: Cell[] = [];
    for (const [key, standing] of Object.entries(state.cells)) {
      const [c, purpose, dataClass] = key.split('|') as [string, string, string];
      if (c !== channel && c !== '*') continue;
      const width = (c === '*' ? 4 : 0) + (purpose === '*' ? 2 : 0) + (dataClass === '*' ? 1 : 0);
      cells.push({ purpose, dataClass, wideChannel: c === '*' && thirdParty, standing, width });
    }
    this.#cells = cells.sort((a, b) => a.width - b.width);
  }

  /** The change that decides, or undefined where the customer never said anything. */
  deciding(purpose: Purpose, dataClass: DataClass): ConsentCell | undefined {
    let deciding: ConsentCell | undefined;
    for (const cell of this.#cells) {
      if (cell.purpose !== purpose && cell.purpose !== '*') continue;
      if (cell.dataClass !== dataClass && cell.dataClass !== '*') continue;
      const found = effect(cell, dataClass);
      if (found && (!deciding || outranks(found, deciding))) deciding = found;
    }
    return deciding;
  }
}

/** Third-party messengers, and whatever says more about a person, must be granted by name. */
function effect({ wideChannel, dataClass: cellClass, standing }: Cell, dataClass: DataClass): ConsentCell | undefined {
  if (!wideChannel && (cellClass !== '*' || plainClasses.includes(dataClass))) return standing;
  const revocation = revocationIn(standing);
  return revocation && { action: 'revoke', ...revocation };
}

/** One question alone. */
export const consentFor = (
  state: ConsentState,
  channel: ChannelId,
  thirdParty: boolean,
  purpose: Purpose,
  dataClass: DataClass,
): ConsentCell | undefined => new ChannelConsents(state, channel, thirdParty).deciding(purpose, dataClass);
