import { createHmac, hash } from 'node:crypto';
import type { Digest, DigestBytes } from '@tocsin/core';

/** SHA-256, lower-case hex. */
export const sha256: Digest = (text) => hash('sha256', text, 'hex');

export const sha256Bytes: DigestBytes = (bytes) => hash('sha256', bytes, 'hex');

/** HMAC-SHA-256 under the installation's secret: for pseudonyms and ids that outsiders see and must not be able to compute. */
export const keyedDigest =
  (secret: string): Digest =>
  (text) =>
    createHmac('sha256', secret).update(text, 'utf8').digest('hex');
