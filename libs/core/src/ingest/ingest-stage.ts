import { rejectCodes, warningCodes } from '../format.ts';
import type { Decoded, RejectCode } from '../format.ts';
import type { DigestBytes } from '../ports/digest.ts';
import type { LogRecord } from '../ports/log.ts';
import type { Stage } from '../stage.ts';
import type { Instant } from '../time.ts';
import { ingestRecord } from './ingest-record.ts';
import type { SourceOptions } from './source.ts';

/** A format with its options already chosen. */
export type DecodeRecord = (
  value: Uint8Array | null,
  headers: Readonly<Record<string, Uint8Array>>,
  receivedAt: Instant,
) => Decoded;

export interface IngestOptions {
  readonly source: SourceOptions;
  /** The bank's topic. */
  readonly topic: string;
  readonly decode: DecodeRecord;
  readonly digest: DigestBytes;
}

const unreadable: RejectCode = 'SCHEMA_INVALID';

/** A format must not throw on content. Where one does, the record is rejected like any other, and the stream goes on. */
function decodeSafely({ decode }: IngestOptions, record: LogRecord): Decoded {
  try {
    return decode(record.value, record.headers, record.timestamp);
  } catch {
    const reason = 'The format failed on this record.';
    return { transactions: [], warnings: [], rejections: [{ code: unreadable, path: '', reason }] };
  }
}

/** The labels of what is counted for every record, made once: see `Count`. */
const countsOf = (source: string) => ({
  accepted: { source, outcome: 'accepted' } as const,
  rejected: each(rejectCodes, (code) => ({ source, code })),
  warned: each(warningCodes, (code) => ({ source, code })),
});

const each = <Code extends string, Labels>(codes: readonly Code[], labelsOf: (code: Code) => Labels) =>
  Object.fromEntries(codes.map((code) => [code, labelsOf(code)])) as Record<Code, Labels>;

/**
 * Ingest as a stage: one instance per topic of the bank's, without state. The bank's own duplicates pass; they are dropped
 * in detect, where the log of the account decides the order.
 */
export const ingestStage = (options: IngestOptions): Stage<LogRecord> => {
  const { source, topic, digest } = options;
  const count = countsOf(source.name);
  return {
    name: `ingest.${source.name}`,
    input: topic,
    foreignInput: true,
    decode: (record) => record,
    keys: () => [],
    step: (context, record) => {
      const decoded = decodeSafely(options, record);
      const { outputs, accepted, rejections } = ingestRecord(record, source, decoded, digest);
      for (const output of outputs) context.emit(output);
      if (accepted > 0) context.count('ingested', count.accepted);
      // The first code is the reported one; a path as a label would let the bank's data invent metrics.
      const [first] = rejections;
      if (first !== undefined) context.count('rejected', count.rejected[first.code]);
      for (const { code } of decoded.warnings) context.count('ingest_warnings', count.warned[code]);
    },
  };
};
