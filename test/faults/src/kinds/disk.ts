import { readFileSync } from 'node:fs';
import { waitUntil } from '@tocsin/testing';
import { diskBytes } from '../bed/embedded-bed.ts';
import type { EmbeddedBed } from '../bed/embedded-bed.ts';
import { say } from '../say.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/** What was on its way when the disk ran full may still arrive. */
const underWayMs = 2_500;

const told = (bed: EmbeddedBed): number => bed.outbox.all().length;
const complaints = (bed: EmbeddedBed): number =>
  readFileSync(bed.process.logFile, 'utf8').split('"code":"DISK_FULL"').length - 1;

/**
 * The disk of the embedded storage runs full under load. Health, metric and log must say so; then somebody makes space, and
 * everything goes on without a restart. That whatever left meanwhile had its attempt on the disk is for the oracle to say.
 */
export const diskFull: Kind<EmbeddedBed> = {
  name: 'disk-full',
  draw: (bed, random) => {
    const fullMs = random.between(1_000, 5_000);
    return {
      target: 'the disk of the embedded storage',
      needs: ['disk', 'process'],
      run: async () => {
        const before = complaints(bed);
        bed.disk.fill(diskBytes);
        // What the storage has deleted it writes over first, and only then it needs the disk.
        bed.feeder.hurry(10);
        try {
          await waitUntil(
            'health to say DISK_FULL',
            async () => {
              const health = await bed.process.health();
              return health.startsWith('503') && health.includes('DISK_FULL');
            },
            { withinMs: 180_000, everyMs: 200 },
          );
          // Now and then a write still finds room in what was deleted, and all is well for a moment.
          await waitUntil(
            'the metric to say that the storage takes nothing',
            async () => (await bed.process.metric('tocsin_dependency_up', { dependency: 'state' })) === 0,
            { withinMs: 60_000, everyMs: 200 },
          );
          bed.feeder.hurry(1);
          if (complaints(bed) === before) throw new Error('The log does not say DISK_FULL.');
          await rest(underWayMs);
          const sent = told(bed);
          await rest(fullMs);
          say(`the disk is full, and health, metric and log say so; ${told(bed) - sent} messages left since`);
        } finally {
          bed.feeder.hurry(1);
          bed.disk.free();
        }
        await waitUntil('health to be well', () => bed.process.isReady(), { withinMs: 60_000, everyMs: 200 });
      },
    };
  },
};

/** `kill -9` of the one process, and up again on what its file holds. */
export const embeddedKilled: Kind<EmbeddedBed> = {
  name: 'embedded-kill',
  draw: (bed, random) => {
    const awayMs = random.between(0, 1_500);
    return {
      target: 'the one process',
      needs: ['process'],
      run: async () => {
        await bed.process.end('SIGKILL');
        await rest(awayMs);
        await bed.process.start();
      },
    };
  },
};
