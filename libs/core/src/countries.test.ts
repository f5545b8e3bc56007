import { describe, expect, it } from '@jest/globals';
import { countryCodes, isCountry } from './countries.ts';

describe('countries', () => {
  it.each(['DE', 'US', 'GB', 'SS', 'CW', 'XK'])('knows %s', (code) => expect(isCountry(code)).toBe(true));
  it.each(['ZZ', 'de', 'UK', 'EU', 'D', '', 'DEU', 'AN'])('refuses %j', (code) => expect(isCountry(code)).toBe(false));

  it('has the 249 official codes and one more, each once', () => {
    expect(countryCodes).toHaveLength(250);
    expect(new Set(countryCodes).size).toBe(250);
  });

  it('has a name for each in the locale data', () => {
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
    expect(countryCodes.filter((code) => names.of(code) === undefined)).toEqual([]);
  });
});
