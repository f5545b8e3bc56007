import { createHash } from 'node:crypto';

/** SHA-256 of an API key, hex: what the configuration holds of it. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');
