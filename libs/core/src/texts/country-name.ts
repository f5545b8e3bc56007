const names = new Map<string, Intl.DisplayNames>();

/** `Deutschland` for DE in German; the code itself where the platform knows no name. */
export function countryName(code: string, locale: string): string {
  let known = names.get(locale);
  if (known === undefined) {
    known = new Intl.DisplayNames(locale, { type: 'region' });
    names.set(locale, known);
  }
  return /^[A-Z]{2}$/.test(code) ? (known.of(code) ?? code) : code;
}
