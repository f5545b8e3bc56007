import { randomBytes } from 'node:crypto';

function address(variable: string, need: string): string {
  const given = process.env[variable];
  if (given === undefined || given === '') {
    throw new Error(
      `No ${need} was provided: name it in this project's package.json, "tocsin": { "needs": ["${need}"] }.`,
    );
  }
  return given;
}

/** `host:port` of the broker that all tests of this run share. Use topics and groups of your own: `uniqueName`. */
export const kafkaAddress = (): string => address('TOCSIN_TEST_KAFKA', 'kafka');

/** `host:port` of the Redis that all tests of this run share. Use keys of your own: `uniqueName`. */
export const redisAddress = (): string => address('TOCSIN_TEST_REDIS', 'redis');

/** A name that no other test has: `<prefix>-<12 hex digits>`. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;
