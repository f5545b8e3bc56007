import type { Appending, LogRecord } from '@tocsin/core';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

const empty = new Uint8Array();

const toBytes = (content: string | Uint8Array | null): Buffer | null => {
  if (content === null) return null;
  return typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
};

export const toMessage = ({ partition, key, value, headers }: Appending): Message => ({
  partition,
  key: toBytes(key),
  value: toBytes(value),
  ...(headers === undefined
    ? {}
    : { headers: Object.fromEntries(Object.entries(headers).map(([name, content]) => [name, toBytes(content)!])) }),
});

/** Of a header that stands more than once the last one counts. */
const readHeaders = (headers: IHeaders | undefined): Readonly<Record<string, Uint8Array>> => {
  const read: Record<string, Uint8Array> = {};
  for (const [name, content] of Object.entries(headers ?? {})) {
    const last = Array.isArray(content) ? content.at(-1) : content;
    read[name] = typeof last === 'string' ? Buffer.from(last) : (last ?? empty);
  }
  return read;
};

export const toRecord = (topic: string, partition: number, message: KafkaMessage): LogRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  key: message.key,
  value: message.value,
  headers: readHeaders(message.headers),
});
