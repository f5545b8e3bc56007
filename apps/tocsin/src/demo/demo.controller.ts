import { Body, Controller, HttpCode, Inject, Post, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { dataClasses } from '@tocsin/core';
import type { DataClass } from '@tocsin/core';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Observable } from 'rxjs';
import { DemoHub } from './demo-hub.ts';

/** What a person does on the page or in the terminal, done in the simulated world. */
export abstract class DemoActions {
  abstract reply(channel: 'messenger' | 'sms', text: string, payload?: string): Promise<void>;
  abstract consent(dataClass: DataClass, on: boolean): Promise<void>;
  /** Publishes lines as the bank would, by account; for `tocsin replay` while this process holds the storage. */
  abstract publish(lines: readonly string[]): Promise<void>;
}

class ReplyBody {
  @IsIn(['messenger', 'sms']) channel!: 'messenger' | 'sms';
  @IsString() @MaxLength(500) text!: string;
  @IsOptional() @IsString() @MaxLength(200) payload?: string;
}

class ConsentToggleBody {
  @IsIn(dataClasses) dataClass!: DataClass;
  @IsBoolean() on!: boolean;
}

class PublishBody {
  @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true }) lines!: string[];
}

/** The page's own endpoints; only the demonstration has them. */
@ApiExcludeController()
@Controller('demo')
export class DemoController {
  constructor(
    @Inject(DemoHub) private readonly hub: DemoHub,
    @Inject(DemoActions) private readonly actions: DemoActions,
  ) {}

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return this.hub.stream;
  }

  @Post('reply')
  @HttpCode(204)
  reply(@Body() { channel, text, payload }: ReplyBody): Promise<void> {
    return this.actions.reply(channel, text, payload);
  }

  @Post('consent')
  @HttpCode(204)
  consent(@Body() { dataClass, on }: ConsentToggleBody): Promise<void> {
    return this.actions.consent(dataClass, on);
  }

  @Post('publish')
  @HttpCode(204)
  publish(@Body() { lines }: PublishBody): Promise<void> {
    return this.actions.publish(lines);
  }
}
