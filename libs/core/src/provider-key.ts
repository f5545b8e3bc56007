import type { Digest } from './ports/digest.ts';

/**
 * Under what a provider knows a delivery (metadata, callback, Message-ID): opaque, and the same on every attempt. The digest
 * has the installation's secret as its key, so that only we can tell which delivery it is.
 */
export const providerKey = (keyedDigest: Digest, tenantId: string, deliveryId: string): string =>
  keyedDigest(`delivery|${tenantId}|${deliveryId}`).slice(0, 32);
