import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshTopic, until } from './log-harness.ts';
import type { Leaders, LogCase, LogHarness } from './log-harness.ts';
import { ranged, reading } from './reading.ts';
import { RecordingReader } from './recording-reader.ts';

const partitions = ranged(0, 6);
/** The brokers of a log need a while to notice that one of them is gone, and to agree on who is next. */
const patienceMs = 60_000;

/** What the engine does: an append that failed is repeated as it was, and only then the next one follows. */
class Feeder {
  readonly #harness: LogHarness;
  readonly #topic: string;
  sent = 0;

  constructor(harness: LogHarness, topic: string) {
    this.#harness = harness;
    this.#topic = topic;
  }

  async feed(rounds: number): Promise<void> {
    for (const end = this.sent + rounds; this.sent < end; this.sent++) {
      const value = String(this.sent);
      const records = partitions.map((partition) => ({ topic: this.#topic, partition, key: null, value }));
      const isTaken = () =>
        this.#harness.log.append(records).then(
          () => true,
          () => false,
        );
      await until('an append is taken', isTaken, patienceMs);
    }
  }

  /** Until the last record of each partition was read. */
  async isRead(reader: RecordingReader): Promise<void> {
    const last = String(this.sent - 1);
    const isRead = () => partitions.every((partition) => reader.values(partition).at(-1) === last);
    await until('all is read', isRead, patienceMs);
  }
}

function inOrder(reader: RecordingReader, sent: number): void {
  for (const partition of partitions) {
    // Readers of the log keep the first of each: what an append repeated is a repetition, in order.
    const firsts = [...new Set(reader.values(partition))];
    assert.deepEqual(firsts, ranged(0, sent).map(String));
  }
  assert.deepEqual(reader.failures, []);
}

/** With a connection of its own, which knows of no other case's topics. */
async function withOwnConnection(
  harness: LogHarness,
  use: (own: LogHarness, leaders: Leaders) => Promise<void>,
): Promise<void> {
  const { leaders } = harness;
  assert.ok(leaders, 'a log with the trait `leaders` says how they are moved');
  const log = await harness.another();
  await use({ ...harness, log }, leaders).finally(() => log.close());
}

/** Where servers lead partitions: what must hold when another one takes a partition over. */
export const logLeaderCases: readonly LogCase[] = [
  {
    name: 'a partition that moves to a server that led none before is read on from there, and the others where they are',
    needs: 'leaders',
    run: (harness) =>
      withOwnConnection(harness, async (own, leaders) => {
        const topic = await leaders.topicLedByOne(partitions.length);
        const feeder = new Feeder(own, topic);
        await reading(own, topic, new RecordingReader(), async (reader) => {
          await feeder.feed(10);
          await feeder.isRead(reader);
          await leaders.move(topic, 3);
          await feeder.feed(10);
          await feeder.isRead(reader);
          inOrder(reader, feeder.sent);
        });
      }),
  },
  {
    name: 'a partition that moves while the reader is busy is handed over once in each delivery',
    needs: 'leaders',
    run: (harness) =>
      withOwnConnection(harness, async (own, leaders) => {
        const topic = await leaders.topicLedByOne(partitions.length);
        const value = 'x'.repeat(10_000);
        // More than one answer holds: so there is something left that the next leader has to bring.
        const count = 400;
        for (let sent = 0; sent < count; sent += 40) {
          await own.log.append(Array.from({ length: 40 }, () => ({ topic, partition: 3, key: null, value })));
        }
        const gate = Promise.withResolvers<void>();
        const reader = new RecordingReader({ handle: () => gate.promise });
        await reading(own, topic, reader, async () => {
          try {
            await until('the reader is busy', () => reader.records.length > 0, patienceMs);
            await leaders.move(topic, 3);
            // As whoever measures lag does: the log hears of the new leader meanwhile.
            for (let i = 0; i < 3; i++) {
              await own.log.bounds(topic, 3);
              await sleep(1_000);
            }
          } finally {
            gate.resolve();
          }
          await until('all is read', () => reader.records.length === count, patienceMs);
          assert.deepEqual(reader.offsets(3), ranged(0, count));
        });
      }),
  },
  {
    name: 'when the leader of some partitions is killed, appends and reading go on with the next one, in order and without a gap',
    needs: 'leaders',
    run: (harness) =>
      withOwnConnection(harness, async (own, leaders) => {
        const topic = await freshTopic(own, partitions.length);
        const feeder = new Feeder(own, topic);
        await reading(own, topic, new RecordingReader(), async (reader) => {
          await feeder.feed(10);
          for (const partition of [0, 1]) {
            const restart = await leaders.kill(topic, partition);
            await feeder.feed(20).finally(restart);
          }
          await feeder.isRead(reader);
          inOrder(reader, feeder.sent);
        });
      }),
  },
];
