import type { DataClass } from '../consent.ts';
import { formatAmount } from '../money.ts';
import type { MessageContent, MessageItem } from '../records/delivery.ts';
import type { Instant } from '../time.ts';
import type { Money } from '../transaction.ts';
import { countryName } from './country-name.ts';
import { eventTime } from './event-time.ts';
import { fieldClasses } from './field-classes.ts';
import type { MessageField } from './field-classes.ts';
import type { Language, Parts } from './language.ts';
import { safeName, shortened } from './safe-name.ts';

/** How much of a text is left out, so that it fits. */
export interface Cut {
  /** Code points of merchant, payee and city. */
  readonly names: number;
  /** Payments listed. */
  readonly lines: number;
  readonly reasons: boolean;
  readonly place: boolean;
  readonly time: boolean;
}

export interface Sight {
  readonly classes: ReadonlySet<DataClass>;
  readonly language: Language;
  readonly locale: string;
  readonly timeZone: string;
  readonly now: Instant;
}

/** The fields that a text shows, as the ledger names them: `amount`, `items[1].amount`. */
export class Shown {
  readonly fields = new Set<string>(['kind']);
  readonly classes = new Set<DataClass>(['existence']);

  add(field: MessageField, index = 0): void {
    this.fields.add(index === 0 ? field : `items[${index}].${field}`);
    this.classes.add(fieldClasses[field]);
  }
}

const place = ({ country, city }: NonNullable<MessageItem['place']>, locale: string, most: number): string =>
  [city === undefined ? '' : shortened(safeName(city), most), country === undefined ? '' : countryName(country, locale)]
    .filter((name) => name !== '')
    .join(', ');

/** What of one payment may be told, as finished words. */
export function partsOf(item: MessageItem, sight: Sight, cut: Cut): Parts {
  const { classes, language, locale, timeZone, now } = sight;
  const may = (field: MessageField): boolean => classes.has(fieldClasses[field]);
  const name = (text: string | undefined): string => (text === undefined ? '' : shortened(safeName(text), cut.names));
  const parts: Record<keyof Parts, string> = {
    amount: item.amount && may('amount') ? formatAmount(item.amount, locale) : '',
    merchant: may('merchant') ? name(item.merchant) : '',
    // Who is paid by card is the merchant; a counterparty beside one is its bank.
    payee: item.merchant === undefined && may('payee') ? name(item.payee) : '',
    place: item.place && cut.place && may('place') ? place(item.place, locale, cut.names) : '',
    time:
      item.time && cut.time && may('time')
        ? eventTime(item.time, { locale, timeZone, now, today: language.today })
        : '',
    last4: may('last4') && /^\d{4}$/.test(item.last4 ?? '') ? item.last4! : '',
    balance: item.balance && may('balance') ? formatAmount(item.balance, locale) : '',
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ''));
}

/** `12.50 EUR + 3.00 USD`; undefined where not every amount is known. */
export function sumOf({ items, more }: MessageContent, locale: string): string | undefined {
  const sums = new Map<string, Money>();
  const add = (money: Money): void => {
    const { minor } = sums.get(money.currency) ?? { minor: 0 };
    sums.set(money.currency, { ...money, minor: minor + money.minor });
  };
  for (const { amount } of items) {
    if (amount === undefined) return undefined;
    add(amount);
  }
  if (more && more.count > 0 && more.sums.length === 0) return undefined;
  more?.sums.forEach(add);
  return [...sums.values()].map((sum) => formatAmount(sum, locale)).join(' + ');
}
