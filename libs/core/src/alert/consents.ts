import type { ChannelId, ConsentChange, DataClass, Purpose } from '../consent.ts';
import type { ConsentCell, ConsentState } from './state.ts';

/*
 * The ledger is append-only: every change becomes a line, also one that comes too late to matter. What stands is a matrix
 * of cells, each with the newest change of that very cell; a question about one channel, purpose and class is answered by
 * the newest of the up to eight cells that cover it. So the order of arrival never matters, only when the customer decided.
 */

const maxLines = 200;
const maxCells = 300;

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
  state.ledger.push(change.evidence === undefined ? change : { ...change, evidence: change.evidence.slice(0, 200) });
  if (state.ledger.length <= maxLines) return;
  // The lines on which something still rests are the last to go; all of them stand in the log of consent records as well.
  const grounds = new Set(Object.values(state.cells).map((cell) => cell.consentId));
  const spare = state.ledger.findIndex((line) => !grounds.has(line.id));
  state.ledger.splice(Math.max(spare, 0), 1);
  state.dropped += 1;
}

/** Records the change and lets it take effect, unless a newer one stands. */
export function applyConsent(state: ConsentState, change: ConsentChange): 'applied' | 'superseded' | 'full' {
  recordConsent(state, change);
  const { action, acceptedAt } = change;
  let key = cellKey(change.channel, change.purpose, change.dataClass);
  const standing = state.cells[key];
  if (standing && !outranks(change, standing)) return 'superseded';
  if (!standing && Object.keys(state.cells).length >= maxCells) {
    if (action === 'grant') return 'full';
    // Too many cells: a revocation then takes the whole channel rather than being lost.
    key = cellKey(change.channel, '*', '*');
  }
  if (action === 'revoke') {
    for (const [other, cell] of Object.entries(state.cells)) {
      if (covers(key, other) && outranks(change, cell)) delete state.cells[other];
    }
  }
  state.cells[key] = { action, acceptedAt, consentId: change.id };
  return 'applied';
}

/** The change that decides, or undefined where the customer never said anything. Third-party messengers must be granted by name. */
export function consentFor(
  state: ConsentState,
  channel: ChannelId,
  thirdParty: boolean,
  purpose: Purpose,
  dataClass: DataClass,
): ConsentCell | undefined {
  let deciding: ConsentCell | undefined;
  for (const c of [channel, '*']) {
    for (const p of [purpose, '*']) {
      for (const d of [dataClass, '*']) {
        const cell = state.cells[cellKey(c, p, d)];
        if (!cell) continue;
        const tooWide = (c === '*' && thirdParty) || (d === '*' && !plainClasses.includes(dataClass));
        if (cell.action === 'grant' && tooWide) continue;
        if (!deciding || outranks(cell, deciding)) deciding = cell;
      }
    }
  }
  return deciding;
}
