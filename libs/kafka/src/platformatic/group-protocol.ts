/*
 * What members of a consumer group tell each other through the broker.
 * https://github.com/apache/kafka/tree/trunk/clients/src/main/resources/common/message (ConsumerProtocolSubscription.json,
 * ConsumerProtocolAssignment.json)
 */

/** The name under which kafkajs speaks the same protocol: members that differ in their client can share a group. */
export const protocolName = 'RoundRobinAssigner';

/** Version 1 says what a member has, after what version 0 says; a reader of version 0 stops before it. */
const subscriptionVersion = 1;
const assignmentVersion = 0;

const text = (value: string): Buffer => {
  const content = Buffer.from(value);
  return Buffer.concat([int16(content.length), content]);
};

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const int32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32BE(value, 4 * i));
  return bytes;
};

const topicPartitions = (topic: string, partitions: readonly number[]): readonly Buffer[] =>
  partitions.length === 0 ? [int32(0)] : [int32(1), text(topic), int32(partitions.length, ...partitions)];

/** Neither has user data. */
export const subscription = (topic: string, owned: readonly number[]): Buffer =>
  Buffer.concat([int16(subscriptionVersion), int32(1), text(topic), int32(-1), ...topicPartitions(topic, owned)]);

export const assignment = (topic: string, partitions: readonly number[]): Buffer =>
  Buffer.concat([int16(assignmentVersion), ...topicPartitions(topic, partitions), int32(-1)]);

/** What a member says that it has of a topic; nothing where its client does not say. */
export function ownedIn(subscription: Buffer, topic: string): readonly number[] {
  const version = subscription.readInt16BE(0);
  if (version < 1) return [];
  let at = 6;
  for (let topics = subscription.readInt32BE(2); topics > 0; topics--) at += 2 + subscription.readInt16BE(at);
  at += 4 + Math.max(0, subscription.readInt32BE(at));
  return partitionsOf(subscription, at, topic);
}

/** Empty too where the leader left the member out. */
export const assignedIn = (assignment: Buffer, topic: string): readonly number[] =>
  assignment.length === 0 ? [] : partitionsOf(assignment, 2, topic);

function partitionsOf(bytes: Buffer, at: number, topic: string): readonly number[] {
  const found: number[] = [];
  let topics = bytes.readInt32BE(at);
  for (at += 4; topics > 0; topics--) {
    const length = bytes.readInt16BE(at);
    const name = bytes.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    let partitions = bytes.readInt32BE(at);
    for (at += 4; partitions > 0; partitions--, at += 4) if (name === topic) found.push(bytes.readInt32BE(at));
  }
  return found;
}

export interface GroupMemberView {
  readonly id: string;
  readonly owned: readonly number[];
}

/**
 * Every partition to one member, evenly, and as many as possible to who has them already: what stays is read on without
 * a pause. Which of the members computes this makes no difference.
 */
export function share(partitions: number, members: readonly GroupMemberView[]): ReadonlyMap<string, readonly number[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const least = Math.floor(partitions / sorted.length);
  let larger = partitions % sorted.length;
  const shares = new Map(sorted.map(({ id }) => [id, [] as number[]]));
  const taken = new Set<number>();
  // Who has most keeps one more, where they cannot all have as many.
  for (const { id, owned } of sorted.toSorted((a, b) => b.owned.length - a.owned.length)) {
    const mine = shares.get(id)!;
    for (const partition of owned.toSorted((a, b) => a - b)) {
      if (partition < 0 || partition >= partitions || taken.has(partition)) continue;
      if (mine.length === least && larger > 0) larger -= 1;
      else if (mine.length >= least) break;
      taken.add(partition);
      mine.push(partition);
    }
  }
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((one) => !taken.has(one));
  for (const mine of shares.values()) while (mine.length < least) mine.push(free.shift()!);
  for (const mine of shares.values()) if (free.length > 0 && mine.length === least) mine.push(free.shift()!);
  return shares;
}
