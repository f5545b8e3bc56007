import { describe, expect, it } from '@jest/globals';
import { checked } from '@tocsin/nest';
import { RedisSettings } from '../settings.ts';
import { redisAddress } from './redis-address.ts';

const addressOf = (settings: object) => {
  const { value, problems } = checked(RedisSettings, settings);
  expect(problems).toEqual([]);
  return redisAddress(value);
};

describe('the settings of Redis as the adapter takes them', () => {
  it('one server, alone', () => expect(addressOf({})).toEqual({ redis: { host: '127.0.0.1', port: 6_379, db: 0 } }));

  it('one server, with TLS, an ACL user and a database', () =>
    expect(addressOf({ host: 'redis', username: 'tocsin', password: 'p', db: 2, tls: { ca: 'PEM' } })).toEqual({
      redis: { host: 'redis', port: 6_379, db: 2, username: 'tocsin', password: 'p', tls: { ca: 'PEM' } },
    }));

  it('Sentinels, which have users of their own', () =>
    expect(
      addressOf({
        sentinel: { nodes: ['one:26379', 'two:26380'], primary: 'tocsin', username: 's', password: 'q' },
        username: 'tocsin',
        password: 'p',
        tls: {},
      }),
    ).toEqual({
      redis: {
        sentinels: [
          { host: 'one', port: 26_379 },
          { host: 'two', port: 26_380 },
        ],
        name: 'tocsin',
        sentinelUsername: 's',
        sentinelPassword: 'q',
        db: 0,
        username: 'tocsin',
        password: 'p',
        tls: {},
      },
    }));

  it('a Cluster', () =>
    expect(addressOf({ cluster: { nodes: ['one:6379'] }, username: 'tocsin', password: 'p', tls: {} })).toEqual({
      cluster: { nodes: [{ host: 'one', port: 6_379 }], redis: { username: 'tocsin', password: 'p', tls: {} } },
    }));
});
