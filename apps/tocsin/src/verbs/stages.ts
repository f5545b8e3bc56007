import { deliveryTopic, lanes, topicNames } from '@tocsin/core';
import type { Settings } from '@tocsin/services';

/** Every stage of an installation: its name and the topic that it reads. */
export const stagesOf = (settings: Settings): readonly { readonly stage: string; readonly topic: string }[] => [
  ...settings.sources.map(({ name, topic }) => ({ stage: `ingest.${name}`, topic })),
  { stage: 'detect', topic: topicNames.accountEvents },
  { stage: 'alert', topic: topicNames.customerEvents },
  { stage: 'directory', topic: topicNames.addresses },
  ...Object.keys(settings.channels).flatMap((channel) =>
    lanes.map((lane) => ({ stage: `deliver.${channel}.${lane}`, topic: deliveryTopic(channel, lane) })),
  ),
];
