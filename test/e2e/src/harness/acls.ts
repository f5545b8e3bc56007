import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
  logLevel,
} from 'kafkajs';
import type { AclEntry, Admin } from 'kafkajs';
import type { KafkaPermission } from '@tocsin/services';

const resources = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP } as const;
const patterns = { literal: ResourcePatternTypes.LITERAL, prefixed: ResourcePatternTypes.PREFIXED } as const;
const operations = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
} as const;

/** What a user is permitted, as Kafka is told it. */
export const aclsOf = (user: string, permissions: readonly KafkaPermission[]): readonly AclEntry[] =>
  permissions.flatMap(({ resource, name, pattern, operations: allowed }) =>
    allowed.map((operation) => ({
      resourceType: resources[resource],
      resourceName: name,
      resourcePatternType: patterns[pattern],
      principal: `User:${user}`,
      host: '*',
      operation: operations[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );

/** Does something as the administrator of a broker. */
export async function administer(broker: string, use: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ clientId: 'administrator', brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await use(admin).finally(() => admin.disconnect());
}
