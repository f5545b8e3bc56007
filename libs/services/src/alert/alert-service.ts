import { alertStage } from '@tocsin/core';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest } from '../platform/digests.ts';
import type { Service, ServiceContext } from '../service.ts';
import { stageFeed } from '../stage-feed.ts';
import { AlertController } from './alert.controller.ts';

/** Decides with the channels that are configured, in that order. */
export function alertService(context: ServiceContext): Service {
  const { settings } = context;
  const channels = Object.fromEntries(
    configuredChannels(settings).channels.map(({ id, channel }) => [id, channel.capabilities]),
  );
  const stage = alertStage({ digest: keyedDigest(settings.secret), channels });
  return { name: 'alert', feeds: [stageFeed({ ...context, pattern: 'alert', stage })], controllers: [AlertController] };
}
