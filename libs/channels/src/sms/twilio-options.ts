import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';

/** An account at Twilio, or at a provider that speaks its Messages API. */
export class TwilioOptions {
  /** Where the API answers. */
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['https', 'http'] })
  baseUrl: string = 'https://api.twilio.com';

  /** The account that pays and owns the numbers. */
  @Matches(/^AC[0-9a-fA-F]{32}$/) accountSid!: string;

  /** SID of an API key to sign in with. Default: the account itself. */
  @IsOptional() @Matches(/^SK[0-9a-fA-F]{32}$/) apiKeySid?: string;

  /** The API key's secret, or the account's auth token. A secret. */
  @IsString() @IsNotEmpty() password!: string;

  /** Auth tokens of the account, with which its webhooks are signed. Two while one replaces the other. Secrets. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  authTokens!: string[];

  /** Sender: a number in E.164, a short code or an alphanumeric id. Needed where there is no messaging service. */
  @ValidateIf(({ from, messagingServiceSid }: TwilioOptions) => from !== undefined || messagingServiceSid === undefined)
  @Matches(/^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/)
  from?: string;

  /** A messaging service that chooses the sender out of its pool; wins over `from`. */
  @IsOptional() @Matches(/^MG[0-9a-fA-F]{32}$/) messagingServiceSid?: string;

  /** Public address of this channel's webhook, for status reports. Without it there are none. Twilio takes no underscore in the host. */
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['https', 'http'] })
  @Matches(/^https?:\/\/[^/_]+(\/|$)/, { message: 'statusCallbackUrl must have a host without underscore' })
  statusCallbackUrl?: string;

  /** For how long the provider may try to deliver, in seconds: a stale alert should die there. */
  @IsInt() @Min(1) @Max(36_000) validitySeconds: number = 600;
}
