import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@tocsin/testing';
import { embedded } from './embedded.ts';
import { Store } from './store.ts';

/** The build of this library, which `npm test` makes first. */
const library = new URL('../dist/index.js', import.meta.url).href;

/** Opens the folder, then appends and saves without end, and says after each step what was acknowledged. */
const busy = `
import { embedded } from ${JSON.stringify(library)};
const all = await embedded({ folder: process.argv[1] });
await all.log.createTopics([{ name: 'busy', partitions: 2, cleanup: 'delete' }]);
const slot = all.state.slot('stage', 0);
let { token, version } = await slot.acquire({ leaseMs: 1000, takeOver: true });
console.log('open');
for (let n = version + 1; ; n++) {
  const records = Array.from({ length: 10 }, (_, i) => ({ topic: 'busy', partition: i % 2, key: 'k', value: n + '.' + i }));
  const entries = new Map(Array.from({ length: 50 }, (_, i) => ['e' + i, new TextEncoder().encode('123456789' + n)]));
  const position = { offset: n, fingerprint: null, generation: 1, clockAt: n };
  const saved = slot.checkpoint({ token, version, position, entries, leaseMs: 1000 });
  const [appended] = await Promise.all([all.log.append(records), saved]);
  version = await saved;
  console.log(n + ' ' + (appended.at(-1).offset + 1));
}`;

const folder = mkdtempSync(join(tmpdir(), 'tocsin-embedded-process-'));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function start(): { readonly child: ChildProcess; readonly said: string[] } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', busy, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    said.push(...lines);
  });
  return { child, said };
}

describe('another process', () => {
  it('is kept out by name while one runs; after kill -9 all that was acknowledged is there, log and state of one moment', async () => {
    for (let round = 0; round < 3; round++) {
      const { child, said } = start();
      await waitUntil('the other process to work', () => said.length > 15);
      await expect(embedded({ folder })).rejects.toMatchObject({
        name: 'FolderTaken',
        pid: child.pid,
        message: expect.stringContaining(`process ${child.pid}`) as unknown,
      });
      await kill(child);

      const all = await embedded({ folder });
      const [round_, end] = said.at(-1)!.split(' ').map(Number);
      const bounds = await all.log.bounds('busy', 1);
      const slot = all.state.slot('stage', 0);
      const position = await slot.position();
      // What was under way at the end may be there or not, but as a whole: both went into one transaction.
      expect([end, end! + 5]).toContain(bounds.end);
      expect([round_, round_! + 1]).toContain(position!.offset);
      expect(position!.offset - round_!).toBe((bounds.end - end!) / 5);
      const entries = await slot.peek(Array.from({ length: 50 }, (_, i) => `e${i}`));
      expect(new Set(entries.map((entry) => Buffer.from(entry!).toString()))).toEqual(
        new Set([`123456789${position!.offset}`]),
      );
      for (const partition of [0, 1]) {
        const records = await all.log.read('busy', partition, 0, 1_000_000);
        expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
        expect(records.length).toBe(bounds.end);
      }
      await all.close();
    }
  });

  it('that hangs still holds the folder', async () => {
    const { child, said } = start();
    await waitUntil('the other process to work', () => said.length > 0);
    child.kill('SIGSTOP');
    await expect(embedded({ folder })).rejects.toMatchObject({ name: 'FolderTaken', pid: null });
  });

  it('that takes the folder by force shuts out the one that had it', async () => {
    const first = new Store(folder);
    await first.claim();
    await first.change(() => undefined);
    const second = new Store(folder);
    await second.claim();
    await second.change(() => undefined);
    await expect(first.change(() => undefined)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Another process') as unknown,
    });
    await second.close();
    await first.close();
  });
});
