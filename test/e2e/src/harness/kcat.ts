import { execFile, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { needTool } from '@tocsin/testing';
import type { Line } from '../bank-records.ts';

/*
 * The bank's producer: kcat, which knows nothing of the product. Keys are placed by Kafka's own default partitioner. Key
 * and value are cut by two bytes that occur in no record; an empty value becomes null.
 */
const keyEnd = 0x1f;
const recordEnd = 0x1e;

function bytesOf(lines: readonly Line[]): Buffer {
  const pieces: Buffer[] = [];
  for (const { key, value, number } of lines) {
    if (value !== null && (value.includes(recordEnd) || value.includes(keyEnd)))
      throw new Error(`Line ${number} holds a delimiter.`);
    pieces.push(Buffer.from(key), Buffer.of(keyEnd), value ?? Buffer.alloc(0), Buffer.of(recordEnd));
  }
  return Buffer.concat(pieces);
}

const flagsOf = (broker: string, topic: string, partition: number | undefined): readonly string[] => [
  ...['-P', '-q', '-b', broker, '-t', topic, '-K', '\\x1f', '-D', '\\x1e', '-Z'],
  ...(partition === undefined ? [] : ['-p', String(partition)]),
  ...['partitioner=murmur2_random', 'enable.idempotence=true', 'message.max.bytes=1000000', 'linger.ms=5'].flatMap(
    (setting) => ['-X', setting],
  ),
];

/** A producer that runs until it is ended, and keeps what it is given while the brokers are away. */
export class KcatStream {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  readonly #ended: Promise<number | null>;
  #complaint = '';

  constructor(brokers: string, topic: string, partition?: number) {
    const patience = ['-E', '-X', 'message.timeout.ms=900000', '-X', 'log.connection.close=false'];
    this.#child = spawn(needTool('kcat'), [...flagsOf(brokers, topic, partition), ...patience], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-2_000)),
    );
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    });
    // Whoever ends it hears of it.
    this.#ended.catch(() => undefined);
  }

  /** It has given up by itself. What it had not sent yet is lost with it, as with any producer that dies. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  write(lines: readonly Line[]): void {
    if (lines.length > 0) this.#child.stdin.write(bytesOf(lines));
  }

  /** Resolves when everything is acknowledged. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const code = await this.#ended;
    if (code !== 0) throw new Error(`kcat ended with ${code}: ${this.#complaint}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function produce(
  broker: string,
  topic: string,
  lines: readonly Line[],
  partition: number | undefined,
): Promise<void> {
  if (lines.length === 0) return;
  const stream = new KcatStream(broker, topic, partition);
  stream.write(lines);
  await stream.end();
}

/** Publishes lines in their order; those that name a partition go there, after the others. */
export async function publish(broker: string, topic: string, lines: readonly Line[]): Promise<void> {
  await produce(
    broker,
    topic,
    lines.filter(({ partition }) => partition === undefined),
    undefined,
  );
  const placed = Map.groupBy(
    lines.filter(({ partition }) => partition !== undefined),
    ({ partition }) => partition,
  );
  for (const [partition, own] of placed) await produce(broker, topic, own, partition);
}

/** A record as it stands in a topic. */
export interface Standing {
  readonly partition: number;
  readonly offset: number;
  /** Of the log, in milliseconds since 1970. */
  readonly timestamp: number;
  readonly value: Buffer | null;
}

/** Everything that stands in a topic now, by a consumer that knows nothing of the product. */
export async function readByKcat(brokers: string, topic: string): Promise<readonly Standing[]> {
  const flags = ['-C', '-q', '-e', '-b', brokers, '-t', topic, '-o', 'beginning', '-f', '%p %o %T %S\\n%s\\n'];
  const options = { encoding: 'buffer', maxBuffer: 1 << 30 } as const;
  const { stdout } = await promisify(execFile)(needTool('kcat'), flags, options);
  const records: Standing[] = [];
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf(0x0a, at);
    const [partition, offset, timestamp, size] = stdout.toString('latin1', at, end).split(' ').map(Number);
    if (end < 0 || size === undefined) throw new Error('kcat ended in the middle of a record.');
    const from = end + 1;
    const until = from + Math.max(0, size);
    const value = size < 0 ? null : Buffer.from(stdout.subarray(from, until));
    records.push({ partition: partition!, offset: offset!, timestamp: timestamp!, value });
    at = until + 1;
  }
  return records;
}
