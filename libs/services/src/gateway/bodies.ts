import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataClasses, holderRoles, purposes } from '@tocsin/core';
import type { AccountEventKind, ContactPoint, DataClass, HolderRole, Purpose } from '@tocsin/core';
import { accountEventKinds } from '@tocsin/core';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsISO4217CurrencyCode,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  IsTimeZone,
  Length,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

/* Bodies of the bank API: validation and OpenAPI document at once. */

const channelPattern = /^([a-z][a-z0-9-]{0,31}|\*)$/;
const starOr = <T extends string>(values: readonly T[]): readonly (T | '*')[] => [...values, '*'];

export class ContactPointBody implements ContactPoint {
  @ApiProperty({ description: 'E.164 number, e-mail address …', example: '+359881234567' }) @IsString() @Length(3, 320) address!: string;
  @ApiProperty({ description: 'Did the customer prove that it is theirs?' }) @IsBoolean() verified!: boolean;
}

export class ProfileBody {
  @ApiProperty({ example: 'en', description: 'BCP 47 language' }) @Matches(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/) language!: string;
  @ApiProperty({ example: 'Europe/Sofia', description: 'IANA time zone' }) @IsTimeZone() timeZone!: string;
  @ApiProperty({
    description: 'By channel id',
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ContactPointBody' },
    example: { sms: { address: '+359881234567', verified: true } },
  })
  @IsObject()
  contactPoints!: Record<string, ContactPointBody>;
  @ApiProperty({ type: [String], example: ['messenger', 'sms', 'email'] })
  @IsArray()
  @ArrayMaxSize(10)
  @Matches(/^[a-z][a-z0-9-]{0,31}$/, { each: true })
  channelOrder!: string[];
}

export class ConsentChangeBody {
  @ApiProperty({ example: 'messenger', description: 'A channel id, or * for all' }) @Matches(channelPattern) channel!: string;
  @ApiProperty({ enum: starOr(purposes) }) @IsIn(starOr(purposes)) purpose!: Purpose | '*';
  @ApiProperty({ enum: starOr(dataClasses) }) @IsIn(starOr(dataClasses)) dataClass!: DataClass | '*';
  @ApiProperty({ enum: ['grant', 'revoke'] }) @IsIn(['grant', 'revoke']) action!: 'grant' | 'revoke';
  @ApiPropertyOptional({ description: 'Version of the text the customer saw' }) @IsOptional() @IsString() @MaxLength(64) textVersion?: string;
  @ApiPropertyOptional({ example: 'en' }) @IsOptional() @IsString() @MaxLength(16) language?: string;
  @ApiPropertyOptional({ description: 'How it was said and where the proof lies' }) @IsOptional() @IsString() @MaxLength(500) evidence?: string;
}

export class ConsentBody {
  @ApiProperty({ type: [ConsentChangeBody] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => ConsentChangeBody)
  changes!: ConsentChangeBody[];
  @ApiPropertyOptional({ description: 'Who decided: customer (default) or staff:<id>' }) @IsOptional() @Matches(/^(customer|bank|staff:.{1,64})$/) actor?: string;
  @ApiPropertyOptional({ description: 'Where: app, branch, phone …', example: 'branch' }) @IsOptional() @IsString() @MaxLength(32) source?: string;
}

export class PreferencesBody {
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'object', properties: { waitMs: { type: 'integer' }, intervalMs: { type: 'integer' } } },
    description: 'By alert type or *: how long more of the same is awaited, and the least time between two messages; 0 switches grouping off',
    example: { '*': { waitMs: 0, intervalMs: 0 } },
  })
  @IsOptional()
  @IsObject()
  grouping?: Record<string, { waitMs: number; intervalMs: number }>;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'integer' }, description: 'By alert type or *, in milliseconds', example: { '*': 0 } })
  @IsOptional()
  @IsObject()
  coolDownMs?: Record<string, number>;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string', enum: ['shown', 'hidden'] }, description: 'By channel or *' })
  @IsOptional()
  @IsObject()
  privacy?: Record<string, 'shown' | 'hidden'>;
}

export class HolderBody {
  @ApiProperty() @IsString() @Length(1, 128) customerId!: string;
  @ApiProperty({ enum: holderRoles }) @IsIn(holderRoles) role!: HolderRole;
}

export class HoldersBody {
  @ApiProperty({ type: [HolderBody] })
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => HolderBody)
  holders!: HolderBody[];
}

export class AccountSettingsBody {
  @ApiPropertyOptional({ example: 'BG', description: 'Home country, ISO 3166-1 alpha-2' }) @IsOptional() @IsISO31661Alpha2() country?: string;
  @ApiPropertyOptional({ example: '2020-01-31' }) @IsOptional() @IsISO8601({ strict: true }) openedOn?: string;
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

export class ConditionsBody {
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ConditionBody' },
    example: { 'purchase-over': { on: true, amount: { value: '50.00', currency: 'EUR' } } },
  })
  @IsObject()
  conditions!: Record<string, ConditionBody>;
}

export class EventBody {
  @ApiProperty({ description: 'Unique; a repetition has no effect' }) @IsString() @Length(1, 128) id!: string;
  @ApiProperty({ enum: accountEventKinds }) @IsIn(accountEventKinds) type!: AccountEventKind;
  @ApiProperty() @IsString() @Length(1, 128) accountId!: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @Length(1, 128) customerId?: string;
  @ApiProperty({ example: '2026-01-01T12:00:00Z' }) @IsISO8601({ strict: true, strictSeparator: true }) occurredAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) @IsObject() data!: Record<string, unknown>;
}

export class BankAnswerBody {
  @ApiProperty({ example: 'freeze/acc-1/0123456789abcdef' }) @IsString() @Length(1, 400) requestId!: string;
  @ApiProperty({ enum: ['accepted', 'refused'] }) @IsIn(['accepted', 'refused']) answer!: 'accepted' | 'refused';
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(500) why?: string;
}

export const linkPurposes = ['messenger-link', 'consent-page'] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

export class LinkBody {
  @ApiProperty({ enum: linkPurposes }) @IsIn(linkPurposes) purpose!: LinkPurpose;
}

export class KillSwitchBody {
  @ApiProperty({ example: 'channel:sms', description: 'all, channel:<id> or provider:<name>' }) @Matches(/^(all|channel:[a-z][a-z0-9-]*|provider:.{1,64})$/) scope!: string;
  @ApiProperty() @IsBoolean() on!: boolean;
  @ApiProperty({ description: 'Why; kept in the audit' }) @IsString() @Length(1, 500) why!: string;
}

export class AcceptedAnswer {
  @ApiProperty({ description: 'The id under which it was recorded' }) id!: string;
}

export class PageQuery {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) limit?: number;
}
