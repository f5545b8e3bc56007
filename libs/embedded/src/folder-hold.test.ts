import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderTaken, holdFolder } from './folder-hold.ts';

const root = mkdtempSync(join(tmpdir(), 'tocsin-hold-'));
afterEach(() => {
  for (const name of ['short', 'link', 'x'.repeat(150)]) rmSync(join(root, name), { recursive: true, force: true });
});

function folder(name: string): string {
  mkdirSync(join(root, name), { recursive: true });
  return join(root, name);
}

describe('holding a folder', () => {
  it.each(['short', 'x'.repeat(150)])('lets nobody else in until it is released (%#)', async (name) => {
    const held = await holdFolder(folder(name));
    await expect(holdFolder(folder(name))).rejects.toThrow(FolderTaken);
    await expect(holdFolder(folder(name))).rejects.toMatchObject({ pid: process.pid });
    await held.release();
    await (await holdFolder(folder(name))).release();
  });

  it('knows the folder by another name', async () => {
    const held = await holdFolder(folder('short'));
    symlinkSync(folder('short'), join(root, 'link'));
    await expect(holdFolder(join(root, 'link'))).rejects.toMatchObject({ pid: process.pid });
    await held.release();
  });

  it('of many who try at once, one has it', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => holdFolder(folder('short'))));
    const holds = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(holds).toHaveLength(1);
    await holds[0]!.value.release();
  });

  it('does not take a folder whose holder says nothing sensible', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(join(folder('short'), 'tocsin.sock'), resolve));
    await expect(holdFolder(folder('short'))).rejects.toMatchObject({ name: 'FolderTaken', pid: null });
    await new Promise((resolve) => server.close(resolve));
  });
});
