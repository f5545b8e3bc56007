import 'reflect-metadata';
import { Controller, Inject, Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ClientsModule, EventPattern, Payload, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { BankTransaction } from '@tocsin/simulator';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsISO8601,
  IsNumber,
  IsNumberString,
  IsOptional,
  IsString,
  Length,
  ValidateNested,
} from 'class-validator';
import { Redis } from 'ioredis';
import { Partitioners, logLevel } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { answerProgress, jobOf } from './progress.ts';
import { judge, newAccount } from './rules-by-hand.ts';
import type { AccountByHand } from './rules-by-hand.ts';

/*
 * Baseline (a): a service as the documentation of NestJS shows it. The stock Kafka transport, a class that ValidationPipe
 * checks, a claim and a state in Redis per transaction, a send per alert.
 */

const { broker, redis: place, topic, output, concurrently, group } = jobOf();
const redis = new Redis(place);
const chosen = { purchaseOver: 5_500, balanceBelow: 1_000 };
let taken = 0;

class MoneyDto {
  @IsNumberString() value!: string;
  @IsString() @Length(3, 3) currency!: string;
}

class MerchantDto {
  @IsString() id!: string;
  @IsString() name!: string;
  @IsString() mcc!: string;
  @IsString() country!: string;
  @IsString() city!: string;
  @IsNumber() latitude!: number;
  @IsNumber() longitude!: number;
  @IsString() terminalId!: string;
}

class CardDto {
  @IsString() token!: string;
  @IsString() last4!: string;
  @IsString() entryMode!: string;
}

class TransactionDto {
  @IsString() id!: string;
  @IsString() accountId!: string;
  @IsOptional() @IsString() customerId?: string;
  @IsISO8601() occurredAt!: string;
  @ValidateNested() @Type(() => MoneyDto) amount!: MoneyDto;
  @IsIn(['debit', 'credit']) direction!: 'debit' | 'credit';
  @IsIn(['pending', 'authorised', 'booked', 'declined', 'reversed']) status!: BankTransaction['status'];
  @IsString() channel!: string;
  @IsOptional() @ValidateNested() @Type(() => MerchantDto) merchant?: NonNullable<BankTransaction['merchant']>;
  @IsOptional() @ValidateNested() @Type(() => CardDto) card?: CardDto;
  @IsOptional() @ValidateNested() @Type(() => MoneyDto) balanceAfter?: MoneyDto;
  @IsOptional() @IsString() declineReason?: string;
}

@Controller()
class DetectController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @EventPattern<string>(topic)
  async transaction(@Payload() tx: TransactionDto): Promise<void> {
    taken += 1;
    if ((await redis.set(`${group}/seen:${tx.accountId}/${tx.id}`, '1', 'EX', 604_800, 'NX')) === null) return;
    const key = `${group}/account:${tx.accountId}`;
    const stored = await redis.get(key);
    const account = stored === null ? newAccount(Date.parse(tx.occurredAt)) : (JSON.parse(stored) as AccountByHand);
    const fired = judge(account, tx, chosen);
    await redis.set(key, JSON.stringify(account));
    if (fired.length > 0)
      await lastValueFrom(
        this.kafka.emit(output, { key: tx.accountId, value: { id: tx.id, fired, transaction: { ...tx } } }),
      );
  }
}

const client = { clientId: 'baseline', brokers: [broker], logLevel: logLevel.ERROR };

@Module({
  imports: [
    ClientsModule.register([
      {
        name: 'KAFKA',
        transport: Transport.KAFKA,
        options: { client, producerOnlyMode: true, producer: { createPartitioner: Partitioners.DefaultPartitioner } },
      },
    ]),
  ],
  controllers: [DetectController],
})
class StockModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(StockModule, {
  logger: ['error'],
  transport: Transport.KAFKA,
  options: {
    client,
    consumer: { groupId: group },
    subscribe: { fromBeginning: true },
    run: { partitionsConsumedConcurrently: concurrently },
  },
});
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
answerProgress(() => taken);
await app.listen();
