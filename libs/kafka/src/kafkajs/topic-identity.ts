import type { Broker } from 'kafkajs';

/*
 * kafkajs speaks Metadata up to version 6, which has no topic ids; version 10 (Apache Kafka 2.8, KIP-516) has. The id is
 * what tells a topic from its namesake that was deleted, so this one request is written and read by hand.
 * Protocol: https://kafka.apache.org/protocol#The_Messages_Metadata, compact ("flexible") encoding.
 */

const metadataKey = 3;
const metadataVersion = 10;

/** The part of a kafkajs broker that its types leave out: a request of any kind on its connection. */
interface Wire {
  readonly connectionPool: {
    send(exchange: {
      readonly request: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer; size(): number }>;
      };
      readonly response: {
        decode(payload: Buffer): Promise<{ readonly body: Buffer; readonly clientSideThrottleTime: number }>;
        parse(decoded: { readonly body: Buffer }): Promise<string | undefined>;
      };
    }): Promise<string | undefined>;
  };
}

/** An unsigned variable-length integer at a place, and the place after it. */
function unsigned(bytes: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(next++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, next];
  }
}

/** A compact string is preceded by its length plus one (0 is null). Returns the place after it. */
function skipString(bytes: Buffer, at: number): number {
  const [length, next] = unsigned(bytes, at);
  return next + Math.max(0, length - 1);
}

function skipTags(bytes: Buffer, at: number): number {
  let [count, next] = unsigned(bytes, at);
  for (; count > 0; count--) {
    [, next] = unsigned(bytes, next);
    const [size, content] = unsigned(bytes, next);
    next = content + size;
  }
  return next;
}

const compactString = (text: string): Buffer => {
  const content = Buffer.from(text);
  const length: number[] = [];
  let left = content.length + 1;
  for (; left > 0x7f; left >>>= 7) length.push((left & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, left]), content]);
};

export const metadataRequest = (topic: string): Buffer =>
  Buffer.concat([
    // No tags of the header; an array of one topic; no topic id, since it is asked for by name.
    Buffer.from([0, 2, ...new Uint8Array(16)]),
    compactString(topic),
    // No tags of the topic; no automatic creation; no authorised operations of cluster and topics; no tags of the request.
    Buffer.alloc(5),
  ]);

/** The id of the first topic in a response, as 32 hex digits; undefined when the broker knows no such topic. */
export function topicIdIn(response: Buffer): string | undefined {
  // Tags of the header, then the throttle time.
  const [brokers, firstBroker] = unsigned(response, skipTags(response, 0) + 4);
  let at = firstBroker;
  // The length of a compact array is written plus one, too.
  for (let i = 1; i < brokers; i++) {
    // Node id, host, port, rack.
    at = skipTags(response, skipString(response, skipString(response, at + 4) + 4));
  }
  // Cluster id, controller id.
  const [topics, firstTopic] = unsigned(response, skipString(response, at) + 4);
  if (topics < 2) return undefined;
  const error = response.readInt16BE(firstTopic);
  const id = skipString(response, firstTopic + 2);
  return error === 0 ? response.toString('hex', id, id + 16) : undefined;
}

/** The topic's id, or undefined where the broker is too old to have one or knows no such topic. */
export async function topicId(broker: Broker, topic: string): Promise<string | undefined> {
  const versions = (await broker.apiVersions())[metadataKey];
  if (versions === undefined || versions.maxVersion < metadataVersion) return undefined;
  const request = metadataRequest(topic);
  return (broker as unknown as Wire).connectionPool.send({
    request: {
      apiKey: metadataKey,
      apiName: 'Metadata',
      apiVersion: metadataVersion,
      encode: () => Promise.resolve({ buf: request, buffer: request, size: () => request.length }),
    },
    response: {
      decode: (payload) => Promise.resolve({ body: payload, clientSideThrottleTime: 0 }),
      parse: ({ body }) => Promise.resolve(topicIdIn(body)),
    },
  });
}
