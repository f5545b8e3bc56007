import { isIdentifierField, maskPan } from './pan.ts';

/**
 * A copy of a JSON value in which no string and no key holds a full card number; strings in fields that are identifiers by
 * name stay as they are. `masked` counts. The value must not be nested deeper than the stack takes (formats check 16).
 */
export function maskJson(value: unknown): { readonly value: unknown; readonly masked: number } {
  let masked = 0;
  const mask = (text: string): string => {
    const result = maskPan(text);
    masked += result.count;
    return result.text;
  };
  const copy = (part: unknown, name: string): unknown => {
    if (isIdentifierField(name) && typeof part !== 'object') return part;
    if (typeof part === 'string') return mask(part);
    // A card number may also come as a JSON number.
    if (typeof part === 'number') {
      const text = String(part);
      const safe = mask(text);
      return safe === text ? part : safe;
    }
    if (Array.isArray(part)) return part.map((item) => copy(item, name));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [mask(key), copy(inner, key)]));
  };
  return { value: copy(value, ''), masked };
}
