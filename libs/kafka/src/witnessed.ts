/** What Kafka answers for a partition for which a group never committed. */
const never = -1;

/**
 * Committed offsets by partition, from what Kafka answers. kafkajs itself commits minus two when it resets a position:
 * whoever did that had committed before, and that is what this is a witness of.
 */
export const witnessed = (offsets: Iterable<readonly [partition: number, offset: number]>): Map<number, number> =>
  new Map(
    [...offsets]
      .filter(([, offset]) => offset !== never)
      .map(([partition, offset]) => [partition, Math.max(offset, 0)] as const),
  );
