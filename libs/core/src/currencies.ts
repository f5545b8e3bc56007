/*
 * ISO 4217, list one (active codes) as of 2026-01-01, with the number of decimals of each.
 * Source: SIX Group, the standard's maintenance agency. Check again when the agency publishes an amendment.
 *
 * Left out, and so refused:
 *  - XTS (testing) and XXX (no currency): whoever sends them is not sending a payment;
 *  - XAU, XAG, XPT, XPD (metals), XBA to XBD (bond units), XDR, XSU, XUA, XAD (units of account): the standard gives them
 *    no usable minor unit, and none of them moves on a customer's account.
 * Kept: the fund codes BOV, CHE, CHW, CLF, COU, MXV, USN, UYI, UYW, because contracts are settled in them.
 */
const byDecimals: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY ' +
    'COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS ' +
    'INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR ' +
    'MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP ' +
    'STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

/** Withdrawn within the last year or so: late bookings and back-fills still carry them, so they stay readable. */
const withdrawn: Readonly<Record<string, { readonly decimals: number; readonly until: string }>> = {
  ANG: { decimals: 2, until: '2025-03-31' },
  BGN: { decimals: 2, until: '2025-12-31' },
};

const decimals: ReadonlyMap<string, number> = new Map([
  ...Object.entries(byDecimals).flatMap(([count, codes]) =>
    codes.split(' ').map((code): [string, number] => [code, Number(count)]),
  ),
  ...Object.entries(withdrawn).map(([code, row]): [string, number] => [code, row.decimals]),
]);

/** Every accepted code, in alphabetical order. */
export const currencyCodes: readonly string[] = [...decimals.keys()].sort();

/** How many decimals the currency has; undefined where the code is not accepted. */
export const decimalsOf = (currency: string): number | undefined => decimals.get(currency);

export const isCurrency = (code: string): boolean => decimals.has(code);
