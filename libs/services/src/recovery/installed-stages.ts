import { deliverStageName, deliveryTopic, lanes, topicNames } from '@tocsin/core';
import type { ChannelId, Lane, Log } from '@tocsin/core';
import { configuredChannels } from '../channel-table.ts';
import { readingFrom } from '../platform/reading-from.ts';
import type { Platform } from '../platform/platform.ts';
import type { Settings, SourceSettings } from '../settings.ts';

/** One stage of an installation, by its settings alone. */
export interface ConfiguredStage {
  readonly name: string;
  readonly kind: 'ingest' | 'detect' | 'alert' | 'directory' | 'deliver';
  readonly topic: string;
  /** The topic is the bank's. */
  readonly foreign: boolean;
  /** Of `deliver`. */
  readonly channel?: ChannelId;
  readonly lane?: Lane;
}

/** One stage as it stands in an installation. */
export interface InstalledStage extends ConfiguredStage {
  /** Where its topic lies; a topic of the bank's may lie on another cluster. */
  readonly log: Log;
}

const ingestOf = ({ name, topic }: SourceSettings): ConfiguredStage => ({
  name: `ingest.${name}`,
  kind: 'ingest',
  topic,
  foreign: true,
});

const ownStages = (settings: Settings): readonly ConfiguredStage[] => [
  { name: 'detect', kind: 'detect', topic: topicNames.accountEvents, foreign: false },
  { name: 'alert', kind: 'alert', topic: topicNames.customerEvents, foreign: false },
  { name: 'directory', kind: 'directory', topic: topicNames.addresses, foreign: false },
  ...configuredChannels(settings).channels.flatMap(({ id: channel }) =>
    lanes.map((lane) => ({
      name: deliverStageName(channel, lane),
      kind: 'deliver' as const,
      topic: deliveryTopic(channel, lane),
      foreign: false,
      channel,
      lane,
    })),
  ),
];

/** Every stage of an installation, in the order in which records pass through them. */
export const configuredStages = (settings: Settings): readonly ConfiguredStage[] => [
  ...settings.sources.map(ingestOf),
  ...ownStages(settings),
];

/** The same, with the log of each. */
export function installedStages(settings: Settings, platform: Platform): readonly InstalledStage[] {
  const { log } = platform;
  const logOf = ({ name, topic, kafka }: SourceSettings): Log =>
    kafka === undefined ? log : readingFrom(platform.otherLog(kafka, `${settings.installation}-${name}`), topic, log);
  return [
    ...settings.sources.map((source) => ({ ...ingestOf(source), log: logOf(source) })),
    ...ownStages(settings).map((stage) => ({ ...stage, log })),
  ];
}

/** The consumer group of a stage. */
export const groupOf = (installation: string, stage: string): string => `${installation}.${stage}`;
