import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataClasses, eventTypes, holderRoles, isIdentifier, maxIdentifier, purposes } from '@tocsin/core';
import type { ContactPoint, DataClass, EventType, HolderRole, Purpose } from '@tocsin/core';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsISO31661Alpha2,
  IsISO4217CurrencyCode,
  IsInt,
  IsOptional,
  IsString,
  IsTimeZone,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { channelIds } from '../platform/platform.ts';
import { RecordOf, RecordOfParts } from './record-of.ts';

/* Bodies of the bank API: validation and OpenAPI document at once. */

const channelId = /^[a-z][a-z0-9-]{0,31}$/;
const nameOrAll = /^([a-z][a-z0-9-]{0,31}|\*)$/;
const longestSpanMs = 7 * 86_400_000;
const starOr = <T extends string>(values: readonly T[]): readonly (T | '*')[] => [...values, '*'];
const isSpan = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestSpanMs;

/** An id of the bank's, by the same rule as in its records. */
const IsIdentifier = (): PropertyDecorator =>
  ValidateBy({
    name: 'isIdentifier',
    validator: {
      validate: (value) => typeof value === 'string' && isIdentifier(value),
      defaultMessage: (given) => `${given?.property ?? ''} must be an id of at most ${maxIdentifier} characters`,
    },
  });

export class ContactPointBody implements ContactPoint {
  @ApiProperty({ description: 'E.164 number, e-mail address …', example: '+359881234567' })
  @Matches(/^[^\p{Cc}]{3,320}$/u)
  address!: string;
  @ApiProperty({ description: 'Did the customer prove that it is theirs?' }) @IsBoolean() verified!: boolean;
}

/** Who the customer is and how to reach them; replaces what stood. */
export class ProfileBody {
  @ApiProperty({ example: 'en', description: 'BCP 47 language' })
  @Matches(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
  @MaxLength(35)
  language!: string;
  @ApiProperty({ example: 'Europe/Sofia', description: 'IANA time zone' }) @IsTimeZone() timeZone!: string;
  @ApiProperty({
    description: 'By channel id. Messenger’s comes by linking, not from here',
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ContactPointBody' },
    example: { sms: { address: '+359881234567', verified: true } },
  })
  @RecordOfParts({ keys: channelId, atMost: 10 }, ContactPointBody)
  contactPoints!: Record<string, ContactPointBody>;
  @ApiProperty({ type: [String], example: ['messenger', 'sms', 'email'] })
  @IsArray()
  @ArrayMaxSize(10)
  @Matches(channelId, { each: true })
  channelOrder!: string[];
}

export class ConsentChangeBody {
  /** A misspelt name would take back nothing. It need not be configured now: what stands there may be in force again. */
  @ApiProperty({ enum: starOr(channelIds), example: 'messenger', description: 'A channel id, or * for all' })
  @IsIn(starOr(channelIds))
  channel!: string;
  @ApiProperty({ enum: starOr(purposes) }) @IsIn(starOr(purposes)) purpose!: Purpose | '*';
  @ApiProperty({ enum: starOr(dataClasses) }) @IsIn(starOr(dataClasses)) dataClass!: DataClass | '*';
  @ApiProperty({ enum: ['grant', 'revoke'] }) @IsIn(['grant', 'revoke']) action!: 'grant' | 'revoke';
  @ApiPropertyOptional({ description: 'Version of the text the customer saw' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  textVersion?: string;
  @ApiPropertyOptional({ example: 'en' }) @IsOptional() @IsString() @MaxLength(16) language?: string;
  @ApiPropertyOptional({ description: 'How it was said and where the proof lies' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  evidence?: string;
}

export class ConsentBody {
  @ApiProperty({ type: [ConsentChangeBody] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => ConsentChangeBody)
  changes!: ConsentChangeBody[];
  @ApiPropertyOptional({ description: 'Who decided: customer (default), bank, or staff:<id>' })
  @IsOptional()
  @Matches(/^(customer|bank|staff:[^\p{Cc}]{1,64})$/u)
  actor?: string;
  @ApiPropertyOptional({ description: 'Where: app, branch, phone …', example: 'branch' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  source?: string;
}

export class GroupingBody {
  @ApiProperty({ type: 'integer', minimum: 0, maximum: longestSpanMs })
  @IsInt()
  @Min(0)
  @Max(longestSpanMs)
  waitMs!: number;
  @ApiProperty({ type: 'integer', minimum: 0, maximum: longestSpanMs })
  @IsInt()
  @Min(0)
  @Max(longestSpanMs)
  intervalMs!: number;
}

/** How alerts come; replaces what stood. */
export class PreferencesBody {
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/GroupingBody' },
    description:
      'By alert type or *: how long more of the same is awaited, and the least time between two messages; 0 switches grouping off',
    example: { '*': { waitMs: 0, intervalMs: 0 } },
  })
  @IsOptional()
  @RecordOfParts({ keys: nameOrAll, atMost: 50 }, GroupingBody)
  grouping?: Record<string, GroupingBody>;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'integer', minimum: 0, maximum: longestSpanMs },
    description: 'By alert type or *, in milliseconds',
    example: { '*': 0 },
  })
  @IsOptional()
  @RecordOf({ keys: nameOrAll, atMost: 50 }, 'must be milliseconds, at most seven days', isSpan)
  coolDownMs?: Record<string, number>;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['shown', 'hidden'] },
    description: 'By channel or *',
  })
  @IsOptional()
  @RecordOf(
    { keys: nameOrAll, atMost: 10 },
    'must be shown or hidden',
    (value) => value === 'shown' || value === 'hidden',
  )
  privacy?: Record<string, 'shown' | 'hidden'>;
}

export class HolderBody {
  @ApiProperty() @IsIdentifier() customerId!: string;
  @ApiProperty({ enum: holderRoles }) @IsIn(holderRoles) role!: HolderRole;
}

/** Replaces the list. */
export class HoldersBody {
  @ApiProperty({ type: [HolderBody] })
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => HolderBody)
  holders!: HolderBody[];
}

export class AccountSettingsBody {
  @ApiPropertyOptional({ example: 'BG', description: 'Home country, ISO 3166-1 alpha-2' })
  @IsOptional()
  @IsISO31661Alpha2()
  country?: string;
  @ApiPropertyOptional({ example: '2020-01-31' }) @IsOptional() @Matches(/^\d{4}-\d{2}-\d{2}$/) openedOn?: string;
  @ApiPropertyOptional({ example: 'EUR' }) @IsOptional() @IsISO4217CurrencyCode() currency?: string;
}

export class AmountBody {
  @ApiProperty({ example: '50.00', description: 'Decimal text' }) @Matches(/^\d{1,15}(\.\d{1,4})?$/) value!: string;
  @ApiProperty({ example: 'EUR' }) @IsISO4217CurrencyCode() currency!: string;
}

export class ConditionBody {
  @ApiProperty() @IsBoolean() on!: boolean;
  @ApiPropertyOptional({ type: AmountBody, description: 'Threshold where the condition has one' })
  @IsOptional()
  @ValidateNested()
  @Type(() => AmountBody)
  amount?: AmountBody;
}

/** What one holder wants to be told about one account; replaces what stood. */
export class ConditionsBody {
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ConditionBody' },
    example: { 'purchase-over': { on: true, amount: { value: '50.00', currency: 'EUR' } } },
  })
  @RecordOfParts({ keys: /^[a-z][a-z0-9-]{0,63}$/, atMost: 100 }, ConditionBody)
  conditions!: Record<string, ConditionBody>;
}

/** As on a topic of account events; checked by the same contract, so that what is accepted here is accepted there. */
export class EventBody {
  @ApiProperty({ description: 'Unique; a repetition has no effect' }) id!: string;
  @ApiProperty({ enum: eventTypes }) type!: EventType;
  @ApiPropertyOptional({ description: 'One of accountId and customerId is needed' }) accountId?: string;
  @ApiPropertyOptional() customerId?: string;
  @ApiProperty({ example: '2026-01-01T12:00:00Z' }) occurredAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) data!: Record<string, unknown>;
}

/** As on a topic of bank answers; checked by the same contract. */
export class BankAnswerBody {
  @ApiPropertyOptional({ description: 'Default: made of request and answer' }) id?: string;
  @ApiProperty({ example: 'freeze/acc-1/0123456789abcdef' }) requestId!: string;
  @ApiProperty({ enum: ['accepted', 'refused'] }) answer!: 'accepted' | 'refused';
  @ApiPropertyOptional() why?: string;
}

export const linkPurposes = ['messenger-link'] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

export class LinkBody {
  @ApiProperty({ enum: linkPurposes }) @IsIn(linkPurposes) purpose!: LinkPurpose;
}

export class KillSwitchBody {
  @ApiProperty({ example: 'channel:sms', description: 'all, channel:<id> or provider:<name>' })
  @Matches(/^(all|channel:[a-z][a-z0-9-]{0,31}|provider:[^\p{Cc}]{1,64})$/u)
  scope!: string;
  @ApiProperty() @IsBoolean() on!: boolean;
  @ApiProperty({ description: 'Why; kept in the audit' }) @IsString() @Length(1, 500) why!: string;
}

export class AcceptedAnswer {
  @ApiProperty({ description: 'The id under which it was recorded' }) id!: string;
}

export class LinkAnswer {
  @ApiProperty({ description: 'What the customer opens' }) url!: string;
  @ApiProperty() token!: string;
  @ApiProperty({ description: 'Milliseconds since 1970' }) expiresAt!: number;
}

export class KillSwitchAnswer {
  @ApiProperty() scope!: string;
  @ApiProperty() on!: boolean;
}
