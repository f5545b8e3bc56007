import { setTimeout as sleep } from 'node:timers/promises';
import {
  ResponseError,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { logError, protocolError } from '../log-errors.ts';
import { heartbeatMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';
import type { Cluster } from './cluster.ts';
import { Connections } from './connections.ts';
import { coordinatorOf } from './coordinator.ts';
import type { Outage } from './outage.ts';
import { assignedIn, assignment, ownedIn, protocolName, share, subscription } from './group-protocol.ts';

export interface GroupMemberParts {
  readonly cluster: Cluster;
  readonly options: KafkaLogOptions;
  readonly group: string;
  readonly topic: string;
  /** How many the topic has now. */
  partitions(): Promise<number>;
  readonly sessionMs: number;
  /** What this member has now: it asks to keep it. */
  owned(): readonly number[];
  /** The group gave these to this member; what is not among them is no longer its own. */
  joined(partitions: readonly number[]): void;
  /** All that it had may have been given away. */
  lost(): void;
  /** Told when the coordinator is lost; it is looked for until it is found. */
  readonly outage: Outage;
}

const leastRebalanceMs = 60_000;
const firstRetryMs = 100;
const slowestRetryMs = 3_000;
const leaveMs = 1_000;
/** How often the member that shares the partitions out looks whether there are more of them. */
const lookAtTopicMs = 10_000;

/**
 * Membership in a consumer group, by the classic protocol: join, sync, heartbeats on a timer. It fetches nothing and
 * waits for no batch, so a slow one costs no member its partitions and delays no rebalance. Whoever reads goes on with
 * what it keeps; what it loses may overlap with its next owner for as long as a batch takes: fencing is not done here.
 */
export class GroupMember {
  readonly #parts: GroupMemberParts;
  readonly #connections: Connections;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #connection: Connection | undefined;
  #memberId = '';
  #generation: number | undefined;
  /** What an own silence means is known to the group only; this is our side of it. */
  #aliveAt = -Infinity;
  #silence: NodeJS.Timeout | undefined;
  #joining = false;
  /** How many partitions this member has shared out; undefined where another one does. */
  #shared: number | undefined;
  #lookedAt = -Infinity;

  constructor(parts: GroupMemberParts) {
    this.#parts = parts;
    this.#connections = new Connections(parts.options, this.#rebalanceMs + parts.sessionMs);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** False while no heartbeat was answered for a whole session: the group may have given everything away. */
  get alive(): boolean {
    return performance.now() - this.#aliveAt < this.#parts.sessionMs;
  }

  /** @throws LogError UNAVAILABLE while not a member; the client's errors */
  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { group, topic } = this.#parts;
    const connection = this.#connection;
    if (connection === undefined || this.#generation === undefined) throw logError('UNAVAILABLE');
    const partitions = Array.from(offsets, ([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }));
    await offsetCommitV8.api.async(connection, group, this.#generation, this.#memberId, null, [
      { name: topic, partitions },
    ]);
  }

  /** Leaves the group, so that its partitions need not wait for the end of a session. */
  async close(): Promise<void> {
    const memberId = this.#memberId;
    this.#closing.abort();
    clearTimeout(this.#silence);
    // Nothing can be said on a connection that waits for others to join.
    if (this.#joining) await this.#connection?.close();
    await Promise.race([this.#running, sleep(leaveMs, undefined, { ref: false })]);
    if (memberId !== '') {
      const leave = this.#connected().then((connection) =>
        leaveGroupV4.api.async(connection, this.#parts.group, [{ memberId }]),
      );
      await Promise.race([leave.catch(() => undefined), sleep(leaveMs, undefined, { ref: false })]);
    }
    await this.#connections.close();
  }

  get #rebalanceMs(): number {
    return Math.max(leastRebalanceMs, this.#parts.sessionMs);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    let wait = firstRetryMs;
    while (!this.#closed) {
      try {
        const connection = await this.#connected();
        if (this.#generation === undefined) await this.#join(connection);
        wait = firstRetryMs;
        await this.#beat(connection);
      } catch (error) {
        if (this.#closed) break;
        if (this.#interpret(error)) continue;
        this.#parts.outage.away(error);
        if (!this.alive) this.#parts.lost();
        await this.#pause(wait);
        wait = Math.min(2 * wait, slowestRetryMs);
      }
    }
  }

  /** What the coordinator's refusal means; true where it is to be answered at once. */
  #interpret(error: unknown): boolean {
    switch (protocolError(error)) {
      case 'REBALANCE_IN_PROGRESS':
        this.#generation = undefined;
        return true;
      case 'UNKNOWN_MEMBER_ID':
      case 'FENCED_INSTANCE_ID':
        this.#memberId = '';
        this.#expelled();
        return true;
      case 'ILLEGAL_GENERATION':
        this.#expelled();
        return true;
      default:
        this.#connection = undefined;
        return false;
    }
  }

  /** The group went on without us. */
  #expelled(): void {
    this.#generation = undefined;
    this.#aliveAt = -Infinity;
    this.#parts.lost();
  }

  async #connected(): Promise<Connection> {
    const { cluster, group } = this.#parts;
    if (this.#connection?.isConnected() !== true) {
      this.#connection = await this.#connections.to(await coordinatorOf(cluster, group));
    }
    return this.#connection;
  }

  async #join(connection: Connection): Promise<void> {
    const { topic, group } = this.#parts;
    // The generation in which we do not learn what is ours may have given it to another one.
    let certain = true;
    for (;;) {
      const response = await this.#sendJoin(connection);
      const { memberId, generationId, leader, members } = response;
      const views = members.map(({ memberId: id, metadata }) => ({ id, owned: ownedIn(metadata, topic) }));
      this.#shared = leader === memberId ? await this.#parts.partitions() : undefined;
      this.#lookedAt = performance.now();
      const shares = this.#shared === undefined ? [] : [...share(this.#shared, views)];
      const sentAt = performance.now();
      try {
        const { assignment: mine } = await syncGroupV5.api.async(
          connection,
          group,
          generationId,
          memberId,
          null,
          'consumer',
          protocolName,
          shares.map(([id, partitions]) => ({ memberId: id, assignment: assignment(topic, partitions) })),
        );
        this.#heard(sentAt);
        if (this.#closed) return;
        this.#generation = generationId;
        if (!certain) this.#parts.lost();
        this.#parts.joined(assignedIn(mine, topic));
        return;
      } catch (error) {
        if (this.#closed || protocolError(error) !== 'REBALANCE_IN_PROGRESS') throw error;
        certain = false;
      }
    }
  }

  /** Resolves when all members have joined. A new one is told its id first, and asks again under it. */
  async #sendJoin(connection: Connection): Promise<joinGroupV7.JoinGroupResponse> {
    const { group, topic, sessionMs } = this.#parts;
    const protocols = [{ name: protocolName, metadata: subscription(topic, this.#parts.owned()) }];
    this.#joining = true;
    try {
      for (;;) {
        try {
          const response = await joinGroupV7.api.async(
            connection,
            group,
            sessionMs,
            this.#rebalanceMs,
            this.#memberId,
            null,
            'consumer',
            protocols,
          );
          this.#memberId = response.memberId;
          return response;
        } catch (error) {
          if (this.#closed || protocolError(error) !== 'MEMBER_ID_REQUIRED') throw error;
          this.#memberId = ((error as ResponseError)['response'] as joinGroupV7.JoinGroupResponse).memberId;
        }
      }
    } finally {
      this.#joining = false;
    }
  }

  /** Ends only by an error, or when closed. */
  async #beat(connection: Connection): Promise<void> {
    const { group, sessionMs } = this.#parts;
    const patience = Math.floor(sessionMs / 3);
    while (!this.#closed) {
      await this.#pause(heartbeatMs(sessionMs));
      if (this.#closed) return;
      if (this.#generation === undefined) return;
      const sentAt = performance.now();
      const beat = heartbeatV4.api.async(connection, group, this.#generation, this.#memberId, null);
      const answered = await Promise.race([beat.then(() => true), sleep(patience, false, { ref: false })]);
      if (!answered) {
        // A coordinator that does not answer is as good as away.
        beat.catch(() => undefined);
        void connection.close();
        throw logError('UNAVAILABLE');
      }
      this.#heard(sentAt);
      this.#lookForMore();
    }
  }

  /**
   * A topic of the bank's may get more partitions at any time, and nobody else in the group looks: where there are more, it
   * joins anew and shares all of them out. No heartbeat waits for the answer.
   */
  #lookForMore(): void {
    const shared = this.#shared;
    if (shared === undefined || performance.now() - this.#lookedAt < lookAtTopicMs) return;
    this.#lookedAt = performance.now();
    void this.#parts.partitions().then((count) => {
      if (count > shared && this.#shared === shared) this.#generation = undefined;
    });
  }

  #heard(sentAt: number): void {
    this.#aliveAt = sentAt;
    this.#parts.outage.over();
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#silent(), sentAt + this.#parts.sessionMs - performance.now());
  }

  /** A session without an answer. While a join is under way the group waits for us as we wait for it. */
  #silent(): void {
    if (this.#closed || this.#joining) return;
    this.#generation = undefined;
    this.#parts.lost();
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}
