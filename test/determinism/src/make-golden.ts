import { existsSync, writeFileSync } from 'node:fs';
import { goldenUrl, keptVersions, linesOf, presentVersion, textOfLines } from './golden/golden-file.ts';
import type { GoldenKind, GoldenLine } from './golden/golden-file.ts';
import { shapesOf } from './golden/golden-records.ts';
import { redisLines } from './golden/golden-redis.ts';
import { continued, expectedOf, goldenLife, goldenState } from './golden/golden-state.ts';

/*
 * Makes the golden files of this version. Of earlier versions, what they stored stays as it is: only what this build is
 * expected to make of it is written anew, for the person who changed that to look at.
 */

const version = presentVersion();
const write = (kind: GoldenKind, lines: readonly object[]): void => {
  const url = goldenUrl(kind, version);
  process.stdout.write(`${existsSync(url) ? 'Made anew' : 'Made'}: ${url.pathname}\n`);
  writeFileSync(url, textOfLines(lines));
};

write('state', await goldenState(version));
write('records', shapesOf((await goldenLife()).pipeline));
write('redis', await redisLines());

for (const earlier of keptVersions('state').filter((kept) => kept !== version)) {
  const url = goldenUrl('state', earlier);
  const lines = linesOf<GoldenLine>(url);
  const stored = lines.filter((line) => !expectedOf(lines).includes(line));
  writeFileSync(url, textOfLines([...stored, ...(await continued(lines))]));
  process.stdout.write(`Expected anew: ${url.pathname}\n`);
}
