import { deliverStageName, deliveryTopic, lanes, topicNames } from '@tocsin/core';
import type { ChannelId, Lane, Log } from '@tocsin/core';
import { configuredChannels } from '../channel-table.ts';
import { readingFrom } from '../platform/reading-from.ts';
import type { Platform } from '../platform/platform.ts';
import type { Settings } from '../settings.ts';

/** One stage as it stands in an installation. */
export interface InstalledStage {
  readonly name: string;
  readonly kind: 'ingest' | 'detect' | 'alert' | 'directory' | 'deliver';
  readonly topic: string;
  /** Where its topic lies; a topic of the bank's may lie on another cluster. */
  readonly log: Log;
  /** The topic is the bank's. */
  readonly foreign: boolean;
  /** Of `deliver`. */
  readonly channel?: ChannelId;
  readonly lane?: Lane;
}

/** Every stage of an installation, in the order in which records pass through them. */
export function installedStages(settings: Settings, platform: Platform): readonly InstalledStage[] {
  const { log } = platform;
  const own = { log, foreign: false } as const;
  return [
    ...settings.sources.map(({ name, topic, kafka }) => ({
      name: `ingest.${name}`,
      kind: 'ingest' as const,
      topic,
      foreign: true,
      log:
        kafka === undefined
          ? log
          : readingFrom(platform.otherLog(kafka, `${settings.installation}-${name}`), topic, log),
    })),
    { ...own, name: 'detect', kind: 'detect', topic: topicNames.accountEvents },
    { ...own, name: 'alert', kind: 'alert', topic: topicNames.customerEvents },
    { ...own, name: 'directory', kind: 'directory', topic: topicNames.addresses },
    ...configuredChannels(settings).channels.flatMap(({ id: channel }) =>
      lanes.map((lane) => ({
        ...own,
        name: deliverStageName(channel, lane),
        kind: 'deliver' as const,
        topic: deliveryTopic(channel, lane),
        channel,
        lane,
      })),
    ),
  ];
}

/** The consumer group of a stage. */
export const groupOf = (installation: string, stage: string): string => `${installation}.${stage}`;
