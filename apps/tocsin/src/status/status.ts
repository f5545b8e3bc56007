import type { Away, Committed } from './committed.ts';
import { Samples } from './exposition.ts';
import type { Instance } from './instances.ts';

/** What one stage has saved, as far as log and store tell. */
export interface StageSaved {
  readonly stage: string;
  readonly topic: string;
  /** Null: log or store away, or see `problem`. */
  readonly committed: Committed | null;
  /** Why nothing is known of this stage, although log and store answer. */
  readonly problem: string | null;
}

/** One stage, by what was saved and by what the instances that answer say. */
export interface StageStatus extends StageSaved {
  /** Partitions by state, of the instances that answer; empty where none of them runs the stage. */
  readonly owned: Readonly<Record<string, number>>;
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  readonly checkpointAgeSeconds: number | null;
  /** Since the instances began. */
  readonly reproducedDropped: number | null;
  readonly fenced: number | null;
  readonly deadLetters: number | null;
  readonly stopped: readonly { readonly partition: number; readonly reason: string }[];
}

/** One channel, by what the instances of `deliver` say. */
export interface ChannelStatus {
  readonly channel: string;
  /** The worst state that an instance reports. */
  readonly breaker: 'closed' | 'probing' | 'open';
  readonly waiting: number | null;
  readonly retriesWaiting: number | null;
  readonly retriesDue: number | null;
  readonly dueAgeSeconds: number | null;
  readonly attemptsOpen: number | null;
  /** Since the instances began. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Status {
  readonly at: string;
  readonly log: Away;
  readonly state: Away;
  readonly stages: readonly StageStatus[];
  readonly channels: readonly ChannelStatus[];
  readonly instances: readonly Omit<Instance, 'samples'>[];
}

const states = ['running', 'catching-up', 'acquiring', 'waiting', 'stopped'];

export function statusOf(asked: {
  readonly at: number;
  readonly log: Away;
  readonly state: Away;
  readonly stages: readonly StageSaved[];
  readonly instances: readonly Instance[];
}): Status {
  const samples = new Samples(asked.instances.flatMap((instance) => instance.samples));
  return {
    at: new Date(asked.at).toISOString(),
    log: asked.log,
    state: asked.state,
    stages: asked.stages.map((stage) => stageStatus(samples, stage)),
    channels: samples.values('tocsin_breaker_state', 'channel').map((channel) => channelStatus(samples, channel)),
    instances: asked.instances.map(({ samples: _, ...instance }) => instance),
  };
}

function stageStatus(samples: Samples, saved: StageSaved): StageStatus {
  const { stage } = saved;
  const owned = states.flatMap((state) => {
    const count = samples.sum('tocsin_partitions', { stage, state });
    return count === null ? [] : [[state, count] as const];
  });
  return {
    ...saved,
    owned: Object.fromEntries(owned),
    lagRecords: samples.sum('tocsin_lag_records', { stage }),
    lagSeconds: samples.most('tocsin_lag_seconds', { stage }),
    checkpointAgeSeconds: samples.most('tocsin_checkpoint_age_seconds', { stage }),
    reproducedDropped: samples.sum('tocsin_records_dropped_total', { stage, reason: 'reproduced' }),
    fenced: samples.sum('tocsin_fenced_total', { stage }),
    deadLetters: samples.sum('tocsin_records_total', { stage, outcome: 'dead-letter' }),
    stopped: samples
      .of('tocsin_partition_stopped', { stage })
      .filter(({ value }) => value === 1)
      .map(({ labels }) => ({ partition: Number(labels['partition']), reason: labels['reason'] ?? '' }))
      .sort((a, b) => a.partition - b.partition),
  };
}

function channelStatus(samples: Samples, channel: string): ChannelStatus {
  const is = (state: string): boolean => (samples.sum('tocsin_breaker_state', { channel, state }) ?? 0) > 0;
  const outcomes = samples.values('tocsin_deliveries_total', 'outcome', { channel });
  return {
    channel,
    breaker: is('open') ? 'open' : is('probing') ? 'probing' : 'closed',
    waiting: samples.sum('tocsin_deliveries_waiting', { channel }),
    retriesWaiting: samples.sum('tocsin_retries_waiting', { channel }),
    retriesDue: samples.sum('tocsin_retries_due', { channel }),
    dueAgeSeconds: samples.most('tocsin_delivery_due_age_seconds', { channel }),
    attemptsOpen: samples.sum('tocsin_attempts_open', { channel }),
    outcomes: Object.fromEntries(
      outcomes.map((outcome) => [outcome, samples.sum('tocsin_deliveries_total', { channel, outcome }) ?? 0]),
    ),
  };
}

/** Is there something that a person should look at? */
export const isWell = ({ log, state, stages, instances }: Status): boolean =>
  log === null &&
  state === null &&
  stages.every(({ problem, stopped }) => problem === null && stopped.length === 0) &&
  instances.every(({ answers, problems }) => answers && problems.length === 0);
