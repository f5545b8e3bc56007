import { ResponseError, listOffsetsV7 } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { logError } from '../log-errors.ts';

const readCommitted = 1;

interface Question {
  readonly connection: Connection;
  readonly topic: string;
  readonly timestamp: bigint;
  readonly partitions: Map<number, PromiseWithResolvers<number>>;
}

/**
 * Asks leaders for offsets, with one request for all partitions of a topic that are asked about in the same turn: all of a
 * stage's partitions are acquired, and have their lag measured, together.
 */
export class OffsetQuestions {
  readonly #gathered = new Map<Connection, Map<string, Question>>();

  /** @throws the client's errors; of a refusal each partition learns what concerns it */
  ask(connection: Connection, topic: string, partition: number, timestamp: bigint): Promise<number> {
    let ofConnection = this.#gathered.get(connection);
    if (ofConnection === undefined) {
      this.#gathered.set(connection, (ofConnection = new Map<string, Question>()));
      setImmediate(() => this.#send(connection));
    }
    const name = `${timestamp}/${topic}`;
    let question = ofConnection.get(name);
    if (question === undefined) {
      ofConnection.set(name, (question = { connection, topic, timestamp, partitions: new Map() }));
    }
    let answer = question.partitions.get(partition);
    if (answer === undefined) question.partitions.set(partition, (answer = Promise.withResolvers<number>()));
    return answer.promise;
  }

  #send(connection: Connection): void {
    const questions = this.#gathered.get(connection);
    this.#gathered.delete(connection);
    for (const question of questions?.values() ?? []) void put(question);
  }
}

async function put({ connection, topic, timestamp, partitions }: Question): Promise<void> {
  const asked = Array.from(partitions.keys(), (partitionIndex) => ({
    partitionIndex,
    currentLeaderEpoch: -1,
    timestamp,
  }));
  let response: listOffsetsV7.ListOffsetsResponse | undefined;
  let failure: unknown;
  try {
    response = await listOffsetsV7.api.async(connection, -1, readCommitted, [{ name: topic, partitions: asked }]);
  } catch (error) {
    failure = error;
    // That one partition is refused is part of an answer about all.
    if (error instanceof ResponseError) response = error['response'] as listOffsetsV7.ListOffsetsResponse | undefined;
  }
  const found = new Map(response?.topics[0]?.partitions.map((one) => [one.partitionIndex, one]));
  for (const [partition, { resolve, reject }] of partitions) {
    const one = found.get(partition);
    if (one?.errorCode === 0) resolve(Number(one.offset));
    else reject(failure instanceof Error ? failure : logError('UNAVAILABLE'));
  }
}
