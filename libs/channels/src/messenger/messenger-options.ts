import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/** One utility template that Meta approved for the Page, and which of our messages it can carry. */
export class UtilityTemplate {
  /** Our name of the message, such as `fraud-check`. */
  @IsString() @IsNotEmpty() message!: string;

  /** Language of the customer that it serves: `bg`, `en-GB`, or `*` for every language without a template of its own. */
  @IsString() @IsNotEmpty() language: string = '*';

  /** Its name at Meta. */
  @Matches(/^[a-z0-9_]{1,512}$/) name!: string;

  /** The language code under which it was approved. */
  @IsString() @IsNotEmpty() languageCode!: string;

  /**
   * Our values for the variables of its body, in order. A template is chosen only when the message may disclose all of
   * them; of several that fit, the one that tells most. List one without variables for customers who allow nothing.
   */
  @IsArray() @IsString({ each: true }) parameters: string[] = [];

  /** Were its variables approved with names, or by position? */
  @IsIn(['named', 'positional']) format: 'named' | 'positional' = 'named';

  /** How many POSTBACK buttons it has; the first replies of the message give their payloads. */
  @IsInt() @Min(0) @Max(3) buttons: number = 0;
}

/** Options of the channel `messenger`. */
export class MessengerOptions {
  /** Where the Graph API answers. */
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['https', 'http'] })
  baseUrl: string = 'https://graph.facebook.com';

  /** Version of the Graph API. */
  @Matches(/^v\d{1,3}\.\d{1,2}$/) version: string = 'v25.0';

  /** The bank's Page. */
  @Matches(/^\d{1,32}$/) pageId!: string;

  /** Page access token with the permission `pages_messaging`. A secret. */
  @IsString() @IsNotEmpty() accessToken!: string;

  /** Secrets of the app: the first signs our calls, all of them are accepted on webhooks. Two while one replaces the other. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  appSecrets!: string[];

  /** What Meta must present when it verifies the webhook's address. A secret. */
  @IsString() @IsNotEmpty() verifyToken!: string;

  /** Send `appsecret_proof` (needed with "Require App Secret"). */
  @IsBoolean() appSecretProof: boolean = true;

  /** Templates for messages outside the 24-hour window. Empty: the Page has not that capability, and such messages take another channel. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => UtilityTemplate)
  utilityTemplates: UtilityTemplate[] = [];

  /** Which of the three published forms of a utility message this Page accepts. */
  @IsIn(['a', 'b', 'c']) utilityShape: 'a' | 'b' | 'c' = 'a';

  /** This long before its end the window counts as closed, in milliseconds. */
  @IsInt() @Min(0) @Max(3_600_000) windowMarginMs: number = 60_000;
}
