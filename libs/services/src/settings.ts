import { kafkaClients } from '@tocsin/kafka';
import type { KafkaClient } from '@tocsin/kafka';
import { logLevels } from '@tocsin/nest';
import type { LogLevel } from '@tocsin/nest';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsTimeZone,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { ValidationArguments } from 'class-validator';
import { scopes } from './gateway/scopes.ts';

/*
 * The one configuration file, as classes: validation, defaults and documentation at once. Every key is optional unless it
 * says otherwise. A secret may stand as `${NAME}` (from the environment) or as `<key>File` (read from that file).
 */

const url = { require_tld: false, require_protocol: true };

/**
 * A set of keys, which may be left out. Not empty, as `ssl:` is with every line below it commented out: whether that means
 * in the clear or with the system's certificates is not ours to guess.
 */
const Part =
  (type: () => new () => object): PropertyDecorator =>
  (target, key) => {
    ValidateIf((_, value) => value !== undefined)(target, key);
    ValidateNested({ message: 'must be a set of keys' })(target, key);
    Type(type)(target, key);
  };

/** SASL for Kafka. */
export class SaslSettings {
  @IsIn(['plain', 'scram-sha-256', 'scram-sha-512']) mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' =
    'scram-sha-512';
  @IsString() username!: string;
  @IsString() password!: string;
}

/** TLS to a server. `{}` trusts the system's certificates. */
export class TlsSettings {
  /** PEM: whom to trust instead. */
  @IsOptional() @IsString() ca?: string;
  /** PEM: who we are, where the server wants to know (mutual TLS); the certificate and its key. */
  @IsOptional() @IsString() cert?: string;
  @IsOptional() @IsString() key?: string;
  /** The name that the server's certificate must have. Default: the one that we connect to. */
  @IsOptional() @IsString() servername?: string;
}

const hostAndPort = { each: true, message: 'must be host:port' };

export class KafkaSettings {
  /** The library that speaks to Kafka: `platformatic` (from Apache Kafka 3.1 on), or `kafkajs`. */
  @IsIn(kafkaClients) client: KafkaClient = 'platformatic';
  /** Required: `host:port` of at least one broker. */
  @IsArray()
  @ArrayMinSize(1)
  @Matches(/^[^\s:]+:\d+$/, hostAndPort)
  brokers!: string[];
  @IsString() clientId: string = 'tocsin';
  @Part(() => TlsSettings) ssl?: TlsSettings;
  @Part(() => SaslSettings) sasl?: SaslSettings;
  /** Replicas of topics that `tocsin topics create` makes. Production: 3. */
  @IsInt() @Min(1) @Max(9) replicationFactor: number = 1;
  /** Production: 2. */
  @IsInt() @Min(1) @Max(9) minInsyncReplicas: number = 1;
}

/** Sentinels, which know which of several servers is the primary. TLS is used for them as for Redis. */
export class SentinelSettings {
  /** Required: `host:port` of at least one; the others are learnt from it. */
  @IsArray()
  @ArrayMinSize(1)
  @Matches(/^[^\s:]+:\d+$/, hostAndPort)
  nodes!: string[];
  /** What the Sentinels call the primary. */
  @IsString() @Length(1, 64) primary: string = 'mymaster';
  @IsOptional() @IsString() username?: string;
  @IsOptional() @IsString() password?: string;
}

/** A Redis Cluster. */
export class RedisClusterSettings {
  /** Required: `host:port` of some nodes; the others are learnt from them. */
  @IsArray()
  @ArrayMinSize(1)
  @Matches(/^[^\s:]+:\d+$/, hostAndPort)
  nodes!: string[];
}

/** One server (host and port), or `sentinel`, or `cluster`. */
export class RedisSettings {
  @IsString() host: string = '127.0.0.1';
  @IsInt() @Min(1) @Max(65_535) port: number = 6_379;
  @Part(() => SentinelSettings) sentinel?: SentinelSettings;
  @Part(() => RedisClusterSettings) cluster?: RedisClusterSettings;
  /** An ACL user; without one, the default user. */
  @IsOptional() @IsString() username?: string;
  @IsOptional() @IsString() password?: string;
  @IsInt() @Min(0) db: number = 0;
  @Part(() => TlsSettings) tls?: TlsSettings;
  /** Replicas that must have a barrier before a revocation is answered. Production: at least 1. */
  @IsInt() @Min(0) @Max(5) barrierReplicas: number = 0;
  /** Demands at start what a bank needs: `min-replicas-to-write` and an append-only file. */
  @IsBoolean() production: boolean = false;
}

export class PartitionSettings {
  @IsInt() @Min(1) @Max(1_024) stage!: number;
  @IsInt() @Min(1) @Max(1_024) delivery!: number;
  @IsInt() @Min(1) @Max(1_024) outside!: number;
}

/** One topic of the bank. */
export class SourceSettings {
  /** Required; names the stage `ingest.<name>`, so it must not change. */
  @Matches(/^[a-z][a-z0-9-]{0,31}$/) name!: string;
  /** Required. */
  @Matches(/^[A-Za-z0-9._-]{1,249}$/, { message: 'must be 1 to 249 letters, digits, . _ -' }) topic!: string;
  @IsString() format: string = 'json';
  @IsObject() options: Record<string, unknown> = {};
  /** Whose records these are. Either this or `tenantHeader`. */
  @IsOptional() @Matches(/^[a-z0-9-]{1,32}$/) tenant?: string;
  /** Takes the tenant from the record header `tocsin-tenant`. */
  @IsBoolean() tenantHeader: boolean = false;
  /** Required: `earliest`, `latest` or an RFC 3339 time. Counts only until the first checkpoint. */
  @Matches(/^(earliest|latest|\d{4}-\d\d-\d\dT.+)$/, {
    message: 'must be earliest, latest or a time such as 2026-01-01T00:00:00Z',
  })
  startAt!: string;
  /** Transactions that happened before this time feed history and alert nobody. */
  @IsOptional() @Matches(/^\d{4}-\d\d-\d\dT.+$/) alertsFrom?: string;
  /** Another cluster than the one of the installation. */
  @Part(() => KafkaSettings) kafka?: KafkaSettings;
}

export class TenantSettings {
  /** As it stands in texts. */
  @IsString() @Length(1, 12) bankName!: string;
  /** Of customers whose own is not known. */
  @IsString() language: string = 'en';
  /** IANA zone, for customers whose own is not known. */
  @IsTimeZone({ message: 'must be an IANA zone, such as Europe/Sofia' }) timeZone: string = 'UTC';
}

export class ApiKeySettings {
  @Matches(/^[a-z0-9-]{1,64}$/) id!: string;
  @Matches(/^[a-z0-9-]{1,32}$/) tenant!: string;
  /** SHA-256 of the key, hex; `tocsin api-key` makes both. */
  @Matches(/^[0-9a-fA-F]{64}$/) sha256!: string;
  @IsArray() @IsIn(scopes, { each: true }) scopes!: string[];
}

export class TokenIssuerSettings {
  @IsString() issuer!: string;
  @IsUrl(url) jwksUrl!: string;
  @IsString() audience!: string;
  @IsString() tenantClaim: string = 'tenant';
  /** Which tenants it may speak for. Required where there are several. */
  @IsOptional() @IsArray() @ArrayMinSize(1) @Matches(/^[a-z0-9-]{1,32}$/, { each: true }) tenants?: string[];
}

export class RateSettings {
  @IsNumber() @Min(0.1) perSecond: number = 200;
  @IsInt() @Min(1) burst: number = 400;
}

export class GatewaySettings {
  /** How the outside reaches us: in customers' links and in the URLs that providers call and sign. Default: the address that is listened on. */
  @IsOptional() @IsUrl(url) publicUrl?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => ApiKeySettings) apiKeys: ApiKeySettings[] = [];
  @IsArray() @ValidateNested({ each: true }) @Type(() => TokenIssuerSettings) issuers: TokenIssuerSettings[] = [];
  /** Calls per API key or token subject. */
  @Part(() => RateSettings) rate: RateSettings = new RateSettings();
}

export class HttpSettings {
  @IsString() host: string = '127.0.0.1';
  /** Default: 8080 in one process and for the gateway; 8081 ingest, 8082 detect, 8083 alert, 8084 deliver. */
  @IsOptional() @IsInt() @Min(0) @Max(65_535) port?: number;
}

export class EngineSettings {
  @IsInt() @Min(50) @Max(60_000) checkpointMs: number = 1_000;
  @IsInt() @Min(1_000) @Max(300_000) leaseMs: number = 10_000;
  /** Entries of the state that an instance keeps in memory, over all its partitions; others are read from Redis when needed. */
  @IsInt() @Min(0) @Max(10_000_000) cacheEntries: number = 20_000;
  /** How long a member of a consumer group may stay silent. */
  @IsInt() @Min(6_000) @Max(300_000) sessionTimeoutMs: number = 10_000;
}

export class DeliverSettings {
  /** The channels that this instance serves; all that are configured when absent. */
  @IsOptional() @IsArray() @IsString({ each: true }) channels?: string[];
  /** Requests to a provider under way at a time, in this instance and for each channel and lane. */
  @IsInt() @Min(1) @Max(1_000) concurrency: number = 16;
  /** How long a provider may take. */
  @IsInt() @Min(1_000) @Max(120_000) timeoutMs: number = 15_000;
}

const secretMust = (what: string) => ({
  message: ({ value }: ValidationArguments): string =>
    value === undefined || value === null ? 'is needed; make one with `openssl rand -hex 32`' : `must ${what}`,
});

export const storages = ['embedded', 'kafka'] as const;

export class Settings {
  /** Prefix of state keys and consumer groups: two installations can share a Redis. Topics have none: each needs a Kafka cluster of its own. */
  @Matches(/^[a-z][a-z0-9-]{0,31}$/) installation: string = 'tocsin';
  /** Keys the pseudonyms of addresses and the opaque ids that providers see. Required; must not change. */
  @IsString(secretMust('be a text'))
  @Length(32, 256, secretMust('have 32 to 256 characters'))
  secret!: string;
  /** `embedded` (one folder, one machine) or `kafka` (with `kafka` and `redis`). */
  @IsIn(storages) storage: (typeof storages)[number] = 'embedded';
  /** Folder of the embedded storage. */
  @IsString() folder: string = 'data';
  @Part(() => KafkaSettings) kafka?: KafkaSettings;
  @Part(() => RedisSettings) redis?: RedisSettings;
  /** Fixed for the life of the topics. */
  @Part(() => PartitionSettings) partitions?: PartitionSettings;
  @IsArray() @ValidateNested({ each: true }) @Type(() => SourceSettings) sources: SourceSettings[] = [];
  /** By tenant id. */
  @IsObject() tenants: Record<string, TenantSettings> = {};
  /** By channel id: `tenant`, `perSecond` (calls of the provider; default: the channel's) and the channel's own options. */
  @IsObject() channels: Record<string, Record<string, unknown>> = {};
  @Part(() => GatewaySettings) gateway: GatewaySettings = new GatewaySettings();
  @Part(() => DeliverSettings) deliver: DeliverSettings = new DeliverSettings();
  @Part(() => HttpSettings) http: HttpSettings = new HttpSettings();
  @Part(() => EngineSettings) engine: EngineSettings = new EngineSettings();
  @IsIn(logLevels) logLevel: LogLevel = 'info';
  @IsOptional() @IsString() @MaxLength(200) note?: string;
}
