import { channels } from '@tocsin/channels';
import type { Channel, ChannelTools, OpenChannel, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import { checked } from '@tocsin/nest';
import type { ConfigurationProblem } from '@tocsin/nest';
import type { Settings } from './settings.ts';

/** A channel as configured: its options are checked, its provider account is one tenant's. */
export interface ConfiguredChannel {
  readonly channel: Channel;
  readonly id: string;
  readonly tenantId: string;
  readonly options: object;
  readonly provider: { readonly name: string; readonly account: string };
  open(tools: ChannelTools): OpenChannel;
  readonly receive?: (request: WebhookRequest) => WebhookAnswer;
}

/** The configured channels, and what is wrong with them. */
export function configuredChannels(settings: Settings): {
  readonly channels: readonly ConfiguredChannel[];
  readonly problems: readonly ConfigurationProblem[];
} {
  const problems: ConfigurationProblem[] = [];
  const configured: ConfiguredChannel[] = [];
  for (const [id, given] of Object.entries(settings.channels)) {
    const path = `channels.${id}`;
    if (typeof given !== 'object' || given === null) {
      problems.push({ path, problem: 'must be a set of keys' });
      continue;
    }
    const { tenant, perSecond, ...plain } = given;
    const channel = channels.find((known) => known.id === id);
    if (channel === undefined) {
      problems.push({ path, problem: `is not a channel; there are: ${channels.map((known) => known.id).join(', ')}` });
      continue;
    }
    const tenantId = tenant ?? Object.keys(settings.tenants)[0];
    if (typeof tenantId !== 'string' || !Object.hasOwn(settings.tenants, tenantId)) {
      problems.push({ path: `${path}.tenant`, problem: 'must be one of the tenants' });
      continue;
    }
    if (perSecond !== undefined && !(typeof perSecond === 'number' && perSecond > 0)) {
      problems.push({ path: `${path}.perSecond`, problem: 'must be a number above 0' });
      continue;
    }
    const { value: options, problems: found } = checked(channel.options, plain, path);
    problems.push(...found);
    if (found.length > 0) continue;
    const capabilities = {
      ...channel.capabilities,
      ...channel.without?.(options),
      // How fast the provider may be called is a matter of the contract with it.
      ...(perSecond === undefined ? {} : { perSecond }),
    };
    configured.push({
      channel: { ...channel, capabilities },
      id,
      tenantId,
      options,
      provider: channel.provider(options),
      open: (tools) => channel.open(options, tools),
      ...(channel.webhook === undefined
        ? {}
        : {
            receive: (request: WebhookRequest) =>
              channel.webhook?.(options, request) ?? { kind: 'refused', status: 404 },
          }),
    });
  }
  return { channels: configured, problems };
}
