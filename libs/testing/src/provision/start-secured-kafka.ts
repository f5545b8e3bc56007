import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStorage, newClusterId, quickStart, smallBroker, startBroker } from './broker.ts';
import type { BrokerSettings } from './broker.ts';
import type { Authority } from './certificates.ts';
import { freePorts } from './free-port.ts';

export interface SecuredKafkaOptions {
  readonly authority: Authority;
  /** SCRAM-SHA-512 passwords by user name. A client's certificate needs none: its common name is the user. */
  readonly users?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
  readonly settings?: BrokerSettings;
}

/** A broker that allows nobody anything for which there is no ACL, behind three doors. */
export interface SecuredKafka {
  /** In the clear, for the administrator who makes topics and ACLs, who may do everything. */
  readonly admin: string;
  /** SASL_SSL with SCRAM-SHA-512. */
  readonly sasl: string;
  /** SSL with a certificate of the client's own (mutual TLS). */
  readonly mutual: string;
  /** What its authorizer has decided so far, about everybody but the administrator; each decision once. */
  decisions(): readonly KafkaDecision[];
  stop(): Promise<void>;
}

export interface KafkaDecision {
  readonly user: string;
  readonly allowed: boolean;
  /** `Read`, `Write`, `Describe` ... */
  readonly operation: string;
  /** `topic`, `group`, `cluster` ... and its name. */
  readonly resource: string;
  readonly name: string;
}

const auditLine =
  /Principal = User:(\S+) is (Allowed|Denied) operation = (\S+) .*on resource = (\w+):LITERAL:(\S+) for/g;

function decisionsIn(log: string): readonly KafkaDecision[] {
  const lines = new Set([...log.matchAll(auditLine)].map((match) => match.slice(1).join(' ')));
  return [...lines]
    .map((line) => line.split(' ') as [string, string, string, string, string])
    .filter(([user]) => user !== 'ANONYMOUS')
    .map(([user, outcome, operation, resource, name]) => ({
      user,
      allowed: outcome === 'Allowed',
      operation: operation[0]! + operation.slice(1).toLowerCase(),
      resource: resource.toLowerCase(),
      name,
    }));
}

/** Starts one; ready in 3 to 5 s. @throws Error with the broker's last words */
export async function startSecuredKafka(options: SecuredKafkaOptions): Promise<SecuredKafka> {
  const { authority, users = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-kafka-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const [admin, sasl, mutual, controller] = (await freePorts(4)) as [number, number, number, number];
  const { files } = authority.issue('broker');
  // Java wants key and certificate in one file.
  const keyStore = join(folder, 'broker.pem');
  writeFileSync(keyStore, readFileSync(files.key, 'utf8') + readFileSync(files.cert, 'utf8'));
  const doors = `ADMIN://127.0.0.1:${admin},SASL://127.0.0.1:${sasl},MUTUAL://127.0.0.1:${mutual}`;
  const spec = {
    folder,
    port: admin,
    temporaryFolder: folder,
    heapMb: options.heapMb,
    java: [...quickStart, '-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=debug'],
    settings: {
      'process.roles': 'broker,controller',
      'node.id': 1,
      listeners: `${doors},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': doors,
      'listener.security.protocol.map': 'ADMIN:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'ADMIN',
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
      'log.dirs': join(folder, 'data'),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'false',
      'super.users': 'User:ANONYMOUS',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyStore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.caFile,
      'listener.name.mutual.ssl.client.auth': 'required',
      'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.sasl.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ...smallBroker,
      ...options.settings,
    },
  };
  const scram = Object.entries(users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  const broker = await Promise.resolve()
    .then(() => formatStorage(spec, newClusterId(), ['--standalone', ...scram]))
    .then(() => startBroker(spec))
    .catch((error: unknown) => {
      clear();
      throw error;
    });
  return {
    admin: `127.0.0.1:${admin}`,
    sasl: `127.0.0.1:${sasl}`,
    mutual: `127.0.0.1:${mutual}`,
    decisions: () => decisionsIn(readFileSync(join(folder, 'broker.out'), 'utf8')),
    stop: async () => {
      await broker.end('SIGKILL');
      clear();
    },
  };
}
