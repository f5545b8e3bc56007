import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Parameters } from '@tocsin/core';
import { Program, families, fields, problemsOfParameters } from '@tocsin/core';
import { parametersInDocument } from '@tocsin/testing';
import { customerConditions, fraudRules } from './index.ts';

const folderOf = (kind: string): string => fileURLToPath(new URL(kind, import.meta.url));

/** A rule is three files in a folder of its own, and all of them bear its id. */
const triplet = (id: string) => [`${id}.ts`, `${id}.test.ts`, `${id}.md`];

const plain = (parameters: Parameters) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value]),
  );

for (const [kind, table] of [
  ['fraud', fraudRules],
  ['customer', customerConditions],
] as const) {
  describe(`${kind} rules`, () => {
    it('has a folder for each rule of the table, and each folder is in the table', () => {
      expect(readdirSync(folderOf(kind)).sort()).toEqual(table.map(({ id }) => id).sort());
    });

    it('names each rule once', () => expect(new Set(table.map(({ id }) => id)).size).toBe(table.length));

    for (const { id, title, version, needs, sentence, defaults } of table) {
      describe(id, () => {
        const path = (file: string) => `${folderOf(kind)}/${id}/${file}`;

        it('has code, test and document', () =>
          expect(triplet(id).filter((file) => !existsSync(path(file)))).toEqual([]));

        it('has a document that begins with its id and names its defaults', () => {
          const document = readFileSync(path(`${id}.md`), 'utf8');
          expect(document.split('\n')[0]).toMatch(new RegExp(`^# ${id}: \\S`));
          expect(plain(parametersInDocument(document))).toEqual(plain(defaults));
        });

        it('has code that declares it and a test that concerns it', () => {
          expect(readFileSync(path(`${id}.ts`), 'utf8')).toContain(`id: '${id}'`);
          expect(readFileSync(path(`${id}.test.ts`), 'utf8')).toContain(`describe('${id}'`);
        });

        it('is described well enough to be run and to be told', () => {
          expect(title).toMatch(/^[A-Z]/);
          expect(version).toMatch(/^\d+\.\d+\.\d+$/);
          expect(needs.filter((need) => !fields.includes(need))).toEqual([]);
          expect(problemsOfParameters(id, defaults, defaults)).toEqual([]);
          const names = [...(sentence ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
          const known = ['amount', 'merchant', 'country', 'time', 'last4', 'payee', 'balance'];
          expect(names.filter((name) => !known.includes(name!))).toEqual([]);
        });
      });
    }
  });
}

describe('fraud rules together', () => {
  it('tell customers only where that is no tipping-off', () => {
    for (const { audience, sentence, family } of fraudRules) {
      expect(sentence === null).toBe(audience === 'staff');
      expect(families).toContain(family);
    }
  });

  it('can all run at once, and share what several need', () => {
    const ids = new Program(fraudRules, customerConditions).stores.map(({ store }) => store.id);
    expect(new Set(ids).size).toBe(ids.length);
    // One ring for the four windows of a card, not four.
    expect(ids.filter((id) => id === 'debits/card/times')).toHaveLength(1);
  });
});
