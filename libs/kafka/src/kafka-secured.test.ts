import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { logSuite } from '@tocsin/suites';
import type { LogHarness } from '@tocsin/suites';
import { certificateAuthority, startSecuredKafka } from '@tocsin/testing';
import type { Authority, Certificate, SecuredKafka } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaLogOptions } from './kafka-log-options.ts';
import { client } from './kafkajs/client.ts';

/** The common name of a certificate, and the name of a SCRAM user; both must be the principal of the ACLs. */
const user = 'suite';
const password = 'for-this-test';
let authority: Authority;
let certificate: Certificate;
let kafka: SecuredKafka;

type Door = Pick<KafkaLogOptions, 'brokers' | 'ssl' | 'sasl'>;
const sasl = (more: Partial<NonNullable<Door['sasl']>> = {}): Door => ({
  brokers: [kafka.sasl],
  ssl: { ca: authority.ca },
  sasl: { mechanism: 'scram-sha-512', username: user, password, ...more },
});
const mutual = (more: object = {}): Door => ({
  brokers: [kafka.mutual],
  ssl: { ca: authority.ca, cert: certificate.cert, key: certificate.key, ...more },
});

async function administer(use: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = client({ brokers: [kafka.admin], clientId: 'administrator' }).admin();
  await admin.connect();
  await use(admin).finally(() => admin.disconnect());
}

const allow = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) => ({
  resourceType,
  resourceName,
  resourcePatternType: ResourcePatternTypes.PREFIXED,
  principal: `User:${user}`,
  host: '*',
  operation,
  permissionType: AclPermissionTypes.ALLOW,
});

function harnessOf(options: KafkaLogOptions): LogHarness {
  return {
    log: kafkaLog(options),
    another: () => Promise.resolve(kafkaLog(options)),
    deleteTopic: (topic) => administer((admin) => admin.deleteTopics({ topics: [topic] })),
    trim: (topic, partition, before) =>
      administer(async (admin) => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      }),
    tooLargeBytes: 1 << 20,
    shortSessionMs: 3_000,
  };
}

const doors = { 'SASL_SSL with SCRAM-SHA-512': () => sasl(), 'mutual TLS': () => mutual() } as const;

beforeAll(async () => {
  authority = certificateAuthority();
  certificate = authority.issue(user);
  kafka = await startSecuredKafka({ authority, users: { [user]: password } });
  const { CREATE, READ, WRITE } = AclOperationTypes;
  // Topics and groups as the suite names them. To read or to write a topic, or to read by a group, is to describe it too.
  const topics = ['suite', 'no-such', 'kept'].flatMap((prefix) =>
    [CREATE, READ, WRITE].map((operation) => allow(AclResourceTypes.TOPIC, prefix, operation)),
  );
  await administer((admin) => admin.createAcls({ acl: [...topics, allow(AclResourceTypes.GROUP, 'group', READ)] }));
});

afterAll(async () => {
  await kafka?.stop();
  authority?.remove();
});

/** The whole contract once by each door; the product with its clients and doors mixed is in test/e2e. */
const ways = Object.entries(doors).map(([by, door], i) => ({ kind: kafkaClients[i % kafkaClients.length]!, by, door }));

describe.each(ways)('the log on Apache Kafka by $kind and $by', ({ kind, door }) => {
  let harness: LogHarness;
  beforeAll(() => {
    harness = harnessOf({ ...door(), clientId: 'suite', client: kind });
  });
  afterAll(() => harness.log.close());

  const traits = { members: true, identity: true, readsByIdentity: kind === 'platformatic' };
  for (const kept of logSuite(traits)) it(kept.name, () => kept.run(harness));
});

describe.each(kafkaClients)('%s is refused', (kind) => {
  it.each<[string, () => Door]>([
    ['with a wrong password', () => sasl({ password: 'hunter2' })],
    ['as a user who does not exist', () => sasl({ username: 'nobody' })],
    ['by an authority that it does not know', () => ({ ...sasl(), ssl: {} })],
    ['without a certificate where one is demanded', () => ({ ...mutual(), ssl: { ca: authority.ca } })],
    ['without TLS', () => ({ brokers: [kafka.sasl], sasl: sasl().sasl! })],
    ['by a certificate that is made out to another name', () => mutual({ servername: 'elsewhere.example' })],
  ])('%s', async (_, door) => {
    const log = kafkaLog({ ...door(), clientId: 'stranger', client: kind, connectionTimeoutMs: 1_000 });
    try {
      const error = await log.ping().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'LogError', code: 'UNAVAILABLE' });
      expect(String(error)).not.toContain('hunter2');
    } finally {
      await log.close();
    }
  });

  it('what no ACL allows it', async () => {
    await administer((admin) => admin.createTopics({ topics: [{ topic: `theirs-${kind}`, numPartitions: 1 }] }));
    const log = kafkaLog({ ...mutual(), clientId: 'suite', client: kind });
    try {
      const record = { topic: `theirs-${kind}`, partition: 0, key: null, value: 'x' };
      const refusal = /TOPIC_AUTHORIZATION_FAILED/;
      await expect(log.append([record])).rejects.toThrow(refusal);
      await expect(log.read(record.topic, 0, 0, 1)).rejects.toThrow(refusal);
      await expect(log.facts(record.topic)).rejects.toThrow(refusal);
      await administer(async (admin) => {
        const [offsets] = await admin.fetchTopicOffsets(`theirs-${kind}`);
        expect(offsets).toMatchObject({ high: '0' });
      });
    } finally {
      await log.close();
    }
  });
});
