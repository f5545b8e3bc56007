import { ArrayNotEmpty, IsArray, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

/** What every JSON format can be told about its records. */
export class JsonRecordOptions {
  /** Larger records are RECORD_TOO_LARGE. Default 64 KiB. */
  @IsInt()
  @Min(1_024)
  @Max(1_048_576)
  maxBytes: number = 65_536;

  /** More levels of objects and arrays are RECORD_TOO_DEEP. Default 16. */
  @IsInt()
  @Min(4)
  @Max(64)
  maxDepth: number = 16;

  /** CloudEvents types that are taken, such as `bank.transaction.v1`; others are FORMAT_UNKNOWN. Default: every type. */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  eventTypes?: string[];
}
