import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';

/** Meta puts up to a thousand updates into one call; nobody needs more than this. */
export const maxBodyBytes = 1024 * 1024;

/** The bytes as they came, for signatures. */
export type RawRequest = FastifyRequest & { rawBody?: Buffer };

const refusal = (statusCode: number, message: string): FastifyError =>
  Object.assign(new Error(message), { statusCode, code: 'TOCSIN_BODY', name: 'FastifyError' });

const isForm = (contentType: string): boolean => /^application\/x-www-form-urlencoded\b/i.test(contentType);
const isJson = (contentType: string): boolean => /^application\/([\w.-]+\+)?json\b/i.test(contentType);

/**
 * How bodies are read. What comes to `/webhooks` stays bytes, of whatever type: its signature is over them, and nothing of
 * it is parsed before that holds. Elsewhere JSON is taken, and a form on a customer's page; a key `__proto__` is refused.
 */
export function readBodies(fastify: FastifyInstance): void {
  const json = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request: RawRequest, body, done) => {
    const bytes = body as Buffer;
    const contentType = request.headers['content-type'] ?? '';
    if (request.url.startsWith('/webhooks/')) {
      request.rawBody = bytes;
      done(null, undefined);
    } else if (request.url.startsWith('/c/') && isForm(contentType)) {
      done(null, Object.fromEntries(new URLSearchParams(bytes.toString('utf8'))));
    } else if (isJson(contentType)) {
      // The parser's own words quote the body.
      void json(request, bytes.toString('utf8'), (error, value) =>
        error === null ? done(null, value) : done(refusal(400, 'The body is not JSON as we take it.'), undefined),
      );
    } else {
      done(refusal(415, 'Send the body as application/json.'), undefined);
    }
  });
}
