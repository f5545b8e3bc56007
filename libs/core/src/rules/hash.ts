/*
 * Short hashes for places where a false match is harmless or practically impossible, and where nobody gains by forging
 * one: FNV-1a over UTF-16 units with the final mix of MurmurHash3. Never for identity of people, money or secrets.
 */

const offset = 0x811c9dc5;
const prime = 0x01000193;

function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bit, unsigned. `seed` is an earlier hash that this one continues. */
export function hash32(text: string, seed = 0): number {
  let h = offset ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), prime);
  return mix(h);
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** 53 bit, so that it stays an exact number: for telling the contents of two records with the same id apart. */
export class Hash53 {
  #a = offset;
  #b = 0x9747b28c;

  text(value: string | undefined): this {
    if (value === undefined) return this.#unit(0x1_0000);
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      a = Math.imul(a ^ unit, prime);
      b = Math.imul(b ^ unit, 0x5bd1e995) + 1;
    }
    this.#a = a;
    this.#b = b;
    // A unit that no text contains separates the fields, so that "ab" + "c" differs from "a" + "bc".
    return this.#unit(0x1_0001);
  }

  /** By its 64 bits: to write a number out as text costs more than all else here. */
  number(value: number | undefined): this {
    if (value === undefined) return this.#unit(0x1_0000);
    // -0 and 0 are one number.
    float[0] = value + 0;
    return this.#unit(words[0]!).#unit(words[1]!).#unit(0x1_0005);
  }

  flag(value: boolean | undefined): this {
    return this.#unit(value === undefined ? 0x1_0000 : value ? 0x1_0003 : 0x1_0004);
  }

  #unit(unit: number): this {
    this.#a = Math.imul(this.#a ^ unit, prime);
    this.#b = Math.imul(this.#b ^ unit, 0x5bd1e995) + 1;
    return this;
  }

  get value(): number {
    return mix(this.#a) * 0x20_0000 + (mix(this.#b) >>> 11);
  }
}
