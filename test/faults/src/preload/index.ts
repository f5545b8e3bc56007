const built = (name: string): string => new URL(`../../dist/preload/${name}.js`, import.meta.url).href;

/** A build of a stage that writes one more output for each record, before all others. */
export const extraOutput = built('extra-output');

/** Shifts the wall clock by what stands in the file. */
export const shiftedClock = (file: string): string => `${built('clock')}?file=${encodeURIComponent(file)}`;

/** Engines that are broken on purpose, by name; each must be caught. */
export const brokenEngines: Readonly<Record<string, string>> = {
  'position-before-acks': built('broken-position-before-acks'),
  unfenced: built('broken-unfenced'),
  'no-watermark': built('broken-no-watermark'),
};
