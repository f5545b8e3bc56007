import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const pieceBytes = 4 * 1024 * 1024;

export interface SmallDisk {
  readonly folder: string;
  /** Takes so many bytes away, or all that is left. */
  fill(bytes: number): void;
  /** Takes all away but so many bytes, and holds nothing up that runs in this process meanwhile. */
  leave(bytes: number): Promise<void>;
  /** Gives them back. */
  free(): void;
  remove(): void;
}

/**
 * A real file system of a few megabytes, in memory, to be filled up.
 * @throws Error where mounting is not allowed: only root may
 */
export function smallDisk(bytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-disk-'));
  const filler = join(folder, 'filler');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw new Error('A test needs to mount a small tmpfs: run it as root, where mounting is allowed.', {
      cause: error,
    });
  }
  return {
    folder,
    fill(taken) {
      try {
        writeFileSync(filler, Buffer.alloc(taken));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    async leave(left) {
      for (;;) {
        const { bavail, bsize } = await statfs(folder);
        const surplus = bavail * bsize - left;
        if (surplus <= 0) return;
        try {
          await appendFile(filler, Buffer.alloc(Math.min(surplus, pieceBytes)));
        } catch (error) {
          // Somebody else was faster: then there is even less left.
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          return;
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
    remove() {
      // Lazily: a test that failed may have left files open.
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
