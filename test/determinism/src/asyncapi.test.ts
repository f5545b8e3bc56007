import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { goldenUrl, linesOf, presentVersion } from './golden/golden-file.ts';
import type { RecordShape } from './golden/golden-records.ts';

/* docs/asyncapi.json says what records look like; what was written really must look so. */

interface Document {
  readonly channels: Readonly<
    Record<string, { readonly messages: Readonly<Record<string, { readonly payload: { readonly $ref?: string } }>> }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = JSON.parse(readFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), 'utf8')) as Document;

/** A field that the document does not name is a mistake here, though readers must not mind it. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]));
  return 'properties' in schema && !('additionalProperties' in schema)
    ? { ...parts, additionalProperties: false }
    : parts;
};

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'doc', components: closed(document.components) as object });

const payloadOf = (topic: string, type: string) => {
  const name = topic === 'deliveries' ? 'deliveries.sms.urgent' : topic;
  return document.channels[name]?.messages[type]?.payload.$ref;
};

describe('the AsyncAPI document', () => {
  const samples = linesOf<RecordShape>(goldenUrl('records', presentVersion()));

  it.each(samples.map((sample) => [`${sample.topic} ${sample.type}`, sample] as const))(
    'describes what is written: %s',
    (_, { topic, type, sample }) => {
      const reference = payloadOf(topic, type);
      expect(reference).toBeDefined();
      ajv.validate({ $ref: `doc${reference}` }, JSON.parse(sample.value!) as unknown);
      expect(ajv.errors ?? []).toEqual([]);
    },
  );

  it('would notice a field that is missing, and one that it does not know', () => {
    const { sample } = samples.find(({ type }) => type === 'bank-request')!;
    const { requestId, ...rest } = JSON.parse(sample.value!) as Record<string, unknown>;
    expect(requestId).toBeDefined();
    expect(ajv.validate({ $ref: 'doc#/components/schemas/BankRequest' }, rest)).toBe(false);
    expect(ajv.validate({ $ref: 'doc#/components/schemas/BankRequest' }, { ...rest, requestId, more: 1 })).toBe(false);
  });
});
