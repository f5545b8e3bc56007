import type { Redis } from 'ioredis';

const heard = (): void => {};

/**
 * ioredis listens to the first error of a socket only; a second one, such as the alert of a TLS server to a client that
 * has just refused its certificate, would have no listener and end the process. So the socket gets one that stays.
 */
export function surviveErrors(client: Redis): void {
  client.on('error', () => {
    const { stream } = client as { readonly stream?: Redis['stream'] };
    if (stream !== undefined && !stream.listeners('error').includes(heard)) stream.on('error', heard);
  });
}
