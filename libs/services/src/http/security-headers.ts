import type { FastifyInstance } from 'fastify';

/** What a page may load, as a Content-Security-Policy; by the beginning of the path, the first that fits. */
const policies: readonly (readonly [prefix: string, policy: string])[] = [
  ['/v1', "default-src 'none'; frame-ancestors 'none'"],
  ['/webhooks', "default-src 'none'; frame-ancestors 'none'"],
  ['/health', "default-src 'none'; frame-ancestors 'none'"],
  ['/metrics', "default-src 'none'; frame-ancestors 'none'"],
  ['/docs-json', "default-src 'none'; frame-ancestors 'none'"],
  // The reader of the API document writes its styles into the page.
  [
    '/docs',
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  [
    '/',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  ],
];

const policyOf = (url: string): string => policies.find(([prefix]) => url.startsWith(prefix))?.[1] ?? policies[0]![1];

/** On every answer, those of errors included. A handler may set a policy of its own. */
export function addSecurityHeaders(fastify: FastifyInstance, options: { readonly https: boolean }): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers({
      'content-security-policy': policyOf(request.url),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      ...(options.https ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    });
    done();
  });
}
