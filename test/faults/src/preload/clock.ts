import { readFileSync, watchFile } from 'node:fs';

/* Loaded before a service: its wall clock is off by the milliseconds that stand in a file, and follows the file. */

const file = new URL(import.meta.url).searchParams.get('file')!;
let offMs = 0;
const read = (): void => {
  try {
    offMs = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    offMs = 0;
  }
};
read();
watchFile(file, { interval: 200, persistent: false }, read);

const Real = Date;
const now = (): number => Real.now() + offMs;
class ShiftedDate extends Real {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [now()] : given) as [number]));
  }
  static override now(): number {
    return now();
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
