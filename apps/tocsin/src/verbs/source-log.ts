import type { Log } from '@tocsin/core';
import type { Platform, Settings, SourceSettings } from '@tocsin/services';

/** The log on which the topic of a source lies: the bank's cluster where it names one. Asked once for each source. */
export function sourceLogs(platform: Platform, { installation }: Settings): (source: SourceSettings) => Log {
  const opened = new Map<string, Log>();
  return ({ name, kafka }) => {
    if (kafka === undefined) return platform.log;
    const known = opened.get(name);
    if (known !== undefined) return known;
    const other = platform.otherLog(kafka, `${installation}-${name}`);
    opened.set(name, other);
    return other;
  };
}
