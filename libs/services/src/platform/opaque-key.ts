import { keyedDigest } from './digests.ts';

/** The id of a delivery as providers see it: stable over retries, and without the secret it tells nothing. */
export const opaqueKey = (secret: string, deliveryId: string): string =>
  keyedDigest(secret)(`delivery|${deliveryId}`).slice(0, 32);
