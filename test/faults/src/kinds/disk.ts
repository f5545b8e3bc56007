import { readFileSync } from 'node:fs';
import { waitUntil } from '@tocsin/testing';
import type { EmbeddedBed } from '../bed/embedded-bed.ts';
import { say } from '../say.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/** What the file of somebody else leaves. */
const leftBytes = 300_000;
/** In a second. What the storage has freed it writes over first, some of it again and again; this is much faster. */
const flood = 1_500;
/** And then, until there is space again: where much finds no room, little still does. */
const trickle = 48;

/** What was on its way when the disk ran full may still arrive. */
const underWayMs = 2_500;

const told = (bed: EmbeddedBed): number => bed.outbox.all().length;
const complaints = (bed: EmbeddedBed): number =>
  readFileSync(bed.process.logFile, 'utf8').split('"code":"DISK_FULL"').length - 1;

/**
 * The disk of the embedded storage runs full under load: somebody else's file leaves hardly anything, and what there is left,
 * inside the storage too, is filled by a system of the bank that writes rubbish. Health, metric and log must say so; then the
 * file is removed, as the runbook says, and everything goes on without a restart. That whatever left meanwhile had its attempt
 * on the disk is for the oracle to say.
 */
export const diskFull: Kind<EmbeddedBed> = {
  name: 'disk-full',
  draw: (bed, random) => {
    const fullMs = random.between(1_000, 15_000);
    return {
      target: 'the disk of the embedded storage',
      needs: ['disk', 'process'],
      run: async () => {
        const before = complaints(bed);
        const begun = performance.now();
        const written = bed.rubbish.written;
        await bed.disk.leave(leftBytes);
        bed.rubbish.flood(flood);
        try {
          await waitUntil('the log to say DISK_FULL', () => complaints(bed) > before, {
            withinMs: 60_000,
            everyMs: 100,
          });
          bed.rubbish.trickle(trickle);
          const inMs = Math.round(performance.now() - begun);
          await waitUntil(
            'health to say DISK_FULL',
            async () => {
              const health = await bed.process.health();
              return health.startsWith('503') && health.includes('DISK_FULL');
            },
            { withinMs: 120_000, everyMs: 200 },
          );
          await waitUntil(
            'the metric to say that the storage takes nothing',
            async () => (await bed.process.metric('tocsin_dependency_up', { dependency: 'state' })) === 0,
            { withinMs: 60_000, everyMs: 200 },
          );
          await rest(underWayMs);
          const sent = told(bed);
          await rest(fullMs);
          const pieces = bed.rubbish.written - written;
          say(
            `the disk was full after ${inMs} ms and ${pieces} pieces of rubbish, and health, metric and log say so; ${told(bed) - sent} messages left since`,
          );
        } finally {
          bed.rubbish.stop();
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
