import { spawn } from 'node:child_process';
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

async function produce(
  broker: string,
  topic: string,
  lines: readonly Line[],
  partition: number | undefined,
): Promise<void> {
  if (lines.length === 0) return;
  const settings = [
    'partitioner=murmur2_random',
    'enable.idempotence=true',
    'message.max.bytes=1000000',
    'linger.ms=5',
  ];
  const child = spawn(
    needTool('kcat'),
    [
      ...['-P', '-q', '-b', broker, '-t', topic, '-K', '\\x1f', '-D', '\\x1e', '-Z'],
      ...(partition === undefined ? [] : ['-p', String(partition)]),
      ...settings.flatMap((setting) => ['-X', setting]),
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(bytesOf(lines));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${complaint}`);
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
