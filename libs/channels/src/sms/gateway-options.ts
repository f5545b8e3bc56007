import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsPattern, IsTemplate, IsUrlTemplate } from './gateway-template.ts';

/** RFC 6901: empty for the whole body, or `/` and names. */
const pointer = /^(\/.*)?$/;

/** One header of the request. */
export class GatewayHeader {
  @Matches(/^[A-Za-z0-9-]+$/) name!: string;
  /** Fixed text, with values as `{{name|url}}`. */
  @IsTemplate(['url']) value!: string;
}

/** How we prove who we are. */
export class GatewayAuth {
  /** `hmac-sha256` signs the raw request body. */
  @IsIn(['none', 'basic', 'bearer', 'header', 'hmac-sha256']) kind:
    'none' | 'basic' | 'bearer' | 'header' | 'hmac-sha256' = 'none';
  /** User name, with `basic`. */
  @ValidateIf(({ kind }: GatewayAuth) => kind === 'basic') @IsString() @IsNotEmpty() user?: string;
  /** Password, token, header value or signing key. A secret. */
  @ValidateIf(({ kind }: GatewayAuth) => kind !== 'none') @IsString() @IsNotEmpty() secret?: string;
  /** Header that carries the secret or the signature, with `header` and `hmac-sha256`. */
  @ValidateIf(({ kind }: GatewayAuth) => kind === 'header' || kind === 'hmac-sha256')
  @Matches(/^[A-Za-z0-9-]+$/)
  header?: string;
  /** How a signature is written. */
  @IsIn(['hex', 'base64']) encoding: 'hex' | 'base64' = 'hex';
  /** Stands before the signature, such as `sha256=`. */
  @IsString() prefix: string = '';
}

/** A question about an answer; all that is set must hold. */
export class AnswerTest {
  /** HTTP statuses. */
  @IsOptional() @IsArray() @IsInt({ each: true }) statuses?: number[];
  /** JSON pointer into the body, such as `/messages/0/status`. */
  @IsOptional() @Matches(pointer) pointer?: string;
  /** What the pointer must lead to, as text. */
  @IsOptional() @IsString() equals?: string;
  /** A regular expression that the whole body must match somewhere. */
  @IsOptional() @IsPattern() pattern?: string;
}

/** What an error answer means. The first row whose test holds decides. */
export class GatewayError extends AnswerTest {
  @IsIn(['retry', 'permanent', 'badAddress', 'ineligible', 'unknown'])
  becomes!: 'retry' | 'permanent' | 'badAddress' | 'ineligible' | 'unknown';
  /** Only with `retry`: `channel` opens the breaker for the whole account. */
  @IsIn(['message', 'address', 'channel']) scope: 'message' | 'address' | 'channel' = 'message';
  /** The reason in metrics and receipts. */
  @Matches(/^[a-z0-9-]{1,40}$/) code!: string;
}

/** How a webhook proves that it is the gateway. */
export class GatewayVerification {
  /** `hmac-sha256` over the raw body; `secret` is a fixed value in a header or a query parameter. */
  @IsIn(['hmac-sha256', 'secret']) kind!: 'hmac-sha256' | 'secret';
  /** Header with the signature or the secret. */
  @ValidateIf(({ kind, parameter }: GatewayVerification) => kind === 'hmac-sha256' || parameter === undefined)
  @Matches(/^[A-Za-z0-9-]+$/)
  header?: string;
  /** Query parameter with the secret, for gateways that can set no header. */
  @IsOptional() @IsString() @IsNotEmpty() parameter?: string;
  /** Two while one replaces the other. Secrets of at least 16 characters. */
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(2) @Matches(/^.{16,}$/, { each: true }) secrets!: string[];
  @IsIn(['hex', 'base64']) encoding: 'hex' | 'base64' = 'hex';
  @IsString() prefix: string = '';
}

/** One word of the gateway for a state. */
export class GatewayState {
  @IsString() @IsNotEmpty() value!: string;
  @IsIn(['sent', 'delivered', 'read', 'failed']) state!: 'sent' | 'delivered' | 'read' | 'failed';
}

/** Where a delivery report has what; pointers into the JSON body, or `/name` for a form field or query parameter. */
export class ReceiptMap {
  @Matches(pointer) state!: string;
  @IsArray() @ArrayMinSize(1) @ValidateNested({ each: true }) @Type(() => GatewayState) states!: GatewayState[];
  @Matches(pointer) to!: string;
  /** The gateway's id of the message. */
  @IsOptional() @Matches(pointer) ref?: string;
  /** Our opaque key, where the gateway gives it back. */
  @IsOptional() @Matches(pointer) key?: string;
  @IsOptional() @Matches(pointer) code?: string;
  /** Unix time in seconds or milliseconds, or an ISO date. */
  @IsOptional() @Matches(pointer) at?: string;
}

/** Where an inbound text has what. */
export class InboundMap {
  @Matches(pointer) from!: string;
  @Matches(pointer) text!: string;
  @Matches(pointer) id!: string;
  @IsOptional() @Matches(pointer) at?: string;
}

/** Any HTTP gateway for texts, described instead of programmed. */
export class GatewayOptions {
  /** The provider's name in the disclosure ledger. Default: the host of `url`. */
  @IsOptional() @IsString() @IsNotEmpty() name?: string;
  /** Our account there, for the disclosure ledger. */
  @IsString() account: string = '';
  @IsIn(['GET', 'POST', 'PUT']) method: 'GET' | 'POST' | 'PUT' = 'POST';
  /** Such as `https://gateway.example/send?to={{to|url}}`. */
  @IsUrlTemplate() url!: string;
  /** Sender, as `{{from|…}}`. */
  @IsString() from: string = '';
  @IsIn(['application/json', 'application/x-www-form-urlencoded'])
  contentType: 'application/json' | 'application/x-www-form-urlencoded' = 'application/json';
  /** Such as `{"to":{{to|json}},"text":{{text|json}},"reference":{{key|json}}}`, or a form with `url` encoding. Not with GET. */
  @ValidateIf(({ contentType }: GatewayOptions) => contentType === 'application/json')
  @IsOptional()
  @IsTemplate(['json'])
  body?: string;
  /** The same for a form. */
  @ValidateIf(({ contentType }: GatewayOptions) => contentType === 'application/x-www-form-urlencoded')
  @IsOptional()
  @IsTemplate(['url'])
  form?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => GatewayHeader) headers: GatewayHeader[] = [];
  @IsDefined() @ValidateNested() @Type(() => GatewayAuth) auth: GatewayAuth = new GatewayAuth();
  /** Longest text that it takes, in characters. */
  @IsInt() @Min(1) @Max(10_000) maxLength: number = 1_600;
  /** When did it take the message? Default: any 2xx. */
  @IsOptional() @ValidateNested() @Type(() => AnswerTest) success?: AnswerTest;
  /** JSON pointer to its id of the message. Without one, our key is the reference. */
  @IsOptional() @Matches(pointer) idPointer?: string;
  /** What its errors mean. Unmapped: 429 retry, other 4xx permanent, 5xx unknown, a 2xx without success unknown. */
  @IsArray() @ValidateNested({ each: true }) @Type(() => GatewayError) errors: GatewayError[] = [];
  /** Needed for webhooks. */
  @ValidateIf(
    ({ receipts, inbound, verification }: GatewayOptions) => (receipts ?? inbound ?? verification) !== undefined,
  )
  @IsDefined()
  @ValidateNested()
  @Type(() => GatewayVerification)
  verification?: GatewayVerification;
  @IsOptional() @ValidateNested() @Type(() => ReceiptMap) receipts?: ReceiptMap;
  @IsOptional() @ValidateNested() @Type(() => InboundMap) inbound?: InboundMap;
  /** What the webhook answers. */
  @IsString() webhookAnswer: string = 'OK';
}
