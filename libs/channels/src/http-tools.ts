import type { ChannelTools } from '@tocsin/core';

/** What channels reach their providers with. Loaded when asked for: a service that sends nothing does without the client. */
export async function httpTools(): Promise<ChannelTools> {
  const [{ fetch }, { plainRequest }] = await Promise.all([import('undici'), import('./plain-request.ts')]);
  return { fetch: fetch as unknown as typeof globalThis.fetch, request: plainRequest };
}
