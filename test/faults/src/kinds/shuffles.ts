import type { Random } from '@tocsin/test-e2e';
import type { Kind } from './kind.ts';

/** What decides how often a kind comes, and when in its shuffle. */
type Placed = Pick<Kind, 'name' | 'byName' | 'share' | 'long' | 'exclusive'>;

const turn = ({ long, exclusive }: Placed): number => (exclusive === true ? 2 : long === true ? 0 : 1);

/**
 * So many faults in shuffles, each of which has every kind as often as it is named, or by its share where no names are
 * given. In a shuffle those that take long come first, so that the others happen meanwhile, and those that want to be alone
 * come last.
 */
export function shuffles<K extends Placed>(
  kinds: readonly K[],
  names: readonly string[] | undefined,
  faults: number,
  random: Pick<Random, 'between'>,
): readonly (readonly K[])[] {
  const often = ({ name, byName, share = 1 }: K): number =>
    names === undefined ? (byName === true ? 0 : share) : names.filter((one) => one === name).length;
  const all = kinds.flatMap((kind) => Array.from({ length: often(kind) }, () => kind));
  if (all.length === 0) throw new Error('There is no such kind of fault.');
  const found: K[][] = [];
  for (let left = faults; left > 0; left -= all.length) {
    const deck = [...all];
    for (let i = deck.length - 1; i > 0; i--) {
      const j = random.between(0, i);
      [deck[i], deck[j]] = [deck[j]!, deck[i]!];
    }
    found.push(deck.slice(0, left).toSorted((a, b) => turn(a) - turn(b)));
  }
  return found;
}
