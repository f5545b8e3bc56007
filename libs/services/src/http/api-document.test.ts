import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGatewayWorld } from '../gateway/test/gateway-world.ts';
import type { GatewayWorld } from '../gateway/test/gateway-world.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}
interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

let world: GatewayWorld;
let document: ApiDocument;
let operations: readonly { readonly method: string; readonly path: string; readonly operation: Operation }[];

beforeAll(async () => {
  world = await startGatewayWorld();
  document = JSON.parse((await world.call('GET', '/docs-json', { key: null })).text) as ApiDocument;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(() => world.close());

const referencesIn = (value: unknown): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]) =>
        name === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
      );

describe('the document of the API', () => {
  it('is OpenAPI 3, whose references lead somewhere', () => {
    expect(document.openapi).toMatch(/^3\.\d+\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Tocsin', version: '1' });
    const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    const references = referencesIn(document);
    expect(references.length).toBeGreaterThan(10);
    expect(schemas).toEqual(expect.arrayContaining([...new Set(references)]));
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['api-key', 'bearer']);
  });

  it('describes each operation once, with every parameter of its path', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect({ path, parameters: described.map(({ name }) => name).sort() }).toEqual({
        path,
        parameters: named.sort(),
      });
      expect(described.every(({ required }) => required)).toBe(true);
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
      const hasBody = operation.requestBody?.content['application/json'] !== undefined;
      expect({ path, method, hasBody }).toEqual({ path, method, hasBody: method !== 'get' });
    }
  });

  it('has all of the bank API and nothing else', () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'get /v1/customers/{customerId}/alerts',
      'get /v1/customers/{customerId}/consents',
      'get /v1/customers/{customerId}/disclosures',
      'get /v1/customers/{customerId}/profile',
      'get /v1/kill-switches',
      'post /v1/bank-answers',
      'post /v1/customers/{customerId}/consents',
      'post /v1/customers/{customerId}/links',
      'post /v1/events',
      'post /v1/kill-switches',
      'put /v1/accounts/{accountId}/holders',
      'put /v1/accounts/{accountId}/holders/{customerId}/conditions',
      'put /v1/accounts/{accountId}/settings',
      'put /v1/customers/{customerId}/preferences',
      'put /v1/customers/{customerId}/profile',
    ]);
  });

  it('says that each needs a credential, and without one each is closed', async () => {
    for (const { method, path, operation } of operations) {
      expect({ path, security: operation.security }).toEqual({
        path,
        security: expect.arrayContaining([{ bearer: [] }]),
      });
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      for (const headers of [{}, { 'x-api-key': 'guessed' }, { authorization: 'Bearer guessed' }]) {
        const body = method === 'get' ? {} : { body: {} };
        const { status } = await world.call(method.toUpperCase(), url, { key: null, headers, ...body });
        expect({ method, path, status }).toEqual({ method, path, status: 401 });
      }
    }
  });

  it('can be read by people', async () => {
    const { status, text, headers } = await world.call('GET', '/docs', { key: null });
    expect(status).toBe(200);
    expect(text).toContain('swagger-ui');
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect((await world.call('GET', '/docs/swagger-ui-bundle.js', { key: null })).status).toBe(200);
  });
});

describe('every answer', () => {
  it.each([
    ['GET', '/v1/customers/x/profile', 401],
    ['GET', '/nothing', 404],
    ['GET', '/health/live', 200],
    ['GET', '/metrics', 200],
    ['POST', '/v1/events', 400],
  ])('tells a browser to do nothing with it: %s %s', async (method, path, status) => {
    const init = method === 'POST' ? { body: '{"a":', headers: { 'content-type': 'application/json' } } : {};
    const answer = await world.send(path, { method, ...init });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('quotes nothing of a body that cannot be read', async () => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"card": 4111111111111111 oops',
    };
    const { status, text } = await world.send('/v1/events', init);
    expect(status).toBe(400);
    expect(text).not.toContain('4111');
  });
});
