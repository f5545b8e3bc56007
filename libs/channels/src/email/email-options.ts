import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsFQDN,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

const domain = { require_tld: false };

/** Who we are to the mail server. */
export class SmtpLogin {
  @IsString() @IsNotEmpty() user!: string;
  /** A secret. */
  @IsString() @IsNotEmpty() password!: string;
}

/** A DKIM key; the domain must be the one of `from`, else DMARC does not hold. */
export class DkimKey {
  @IsFQDN(domain) domain!: string;
  @IsString() @IsNotEmpty() selector!: string;
  /** PEM. A secret. */
  @Matches(/^-----BEGIN [A-Z ]*PRIVATE KEY-----/) privateKey!: string;
}

/** Bounce addresses `bounce+<key>.<mac>@<domain>` (VERP), so that a bounce names its message even without its text. */
export class BounceAddresses {
  @IsFQDN(domain) domain!: string;
  /** Authenticates the key, so that nobody can make a bounce up. A secret of at least 16 characters. */
  @IsString() @MinLength(16) secret!: string;
}

/** One-click unsubscription (RFC 8058), on messages that a customer may stop. */
export class Unsubscription {
  /** HTTPS address to which `/<token>` is appended. */
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['https'] }) url!: string;
  /** Authenticates the token. A secret of at least 16 characters. */
  @IsString() @MinLength(16) secret!: string;
  /** Messages that must arrive and carry no such header. */
  @IsArray()
  @IsString({ each: true })
  notOn: string[] = [
    'fraud-check',
    'freeze-done',
    'freeze-failed',
    'freeze-waiting',
    'stop-confirmation',
    'start-confirmation',
    'help',
  ];
}

/** Options of the channel `email`. */
export class EmailOptions {
  /** The mail server that takes our messages. */
  @IsString() @IsNotEmpty() host!: string;
  @IsInt() @Min(1) @Max(65_535) port: number = 587;
  /** TLS from the first byte (port 465). */
  @IsBoolean() secure: boolean = false;
  /** Without `secure`: refuse to go on without STARTTLS. */
  @IsBoolean() requireTls: boolean = true;
  /** Certificate authority of the mail server, PEM, where it is not a public one. */
  @IsOptional() @IsString() @IsNotEmpty() ca?: string;
  @IsOptional() @ValidateNested() @Type(() => SmtpLogin) login?: SmtpLogin;

  /** Sender address as the customer sees it. */
  @Matches(/^[^\s@<>]+@[^\s@<>]+$/) from!: string;
  /** Name of the sender. */
  @IsString() fromName: string = '';
  @IsOptional() @Matches(/^[^\s@<>]+@[^\s@<>]+$/) replyTo?: string;
  /** Right half of our message ids. Default: the domain of `from`. */
  @IsOptional() @IsFQDN(domain) messageIdDomain?: string;

  @IsOptional() @ValidateNested() @Type(() => BounceAddresses) bounces?: BounceAddresses;
  @IsOptional() @ValidateNested() @Type(() => Unsubscription) unsubscribe?: Unsubscription;
  @IsOptional() @ValidateNested() @Type(() => DkimKey) dkim?: DkimKey;

  /** To establish the connection and name resolution, each, in milliseconds. */
  @IsInt() @Min(100) @Max(60_000) connectTimeoutMs: number = 5_000;
  /** For the server's greeting, in milliseconds. */
  @IsInt() @Min(100) @Max(60_000) greetingTimeoutMs: number = 5_000;
  /** Of silence in the middle of a session, in milliseconds. */
  @IsInt() @Min(100) @Max(600_000) idleTimeoutMs: number = 15_000;
}
