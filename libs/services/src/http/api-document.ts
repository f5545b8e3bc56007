import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiExcludeController, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { HealthController, MetricsController } from '@tocsin/nest';

// Said here and not where they stand: a service without an API does without what makes documents of one.
for (const controller of [HealthController, MetricsController]) ApiExcludeController()(controller);

/** The OpenAPI document of the bank API, made from controllers and bodies. */
export function apiDocument(app: NestFastifyApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Tocsin')
    .setDescription(
      'The bank’s side of the gateway: customers, consents, accounts, alerts, disclosures. ' +
        'A write that carries the header `Idempotency-Key` may be repeated: it gets the first answer and has no second effect.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }, 'api-key')
    .build();
  return SwaggerModule.createDocument(app, description);
}

/** Serves it: for people at /docs, for programs at /docs-json. */
export function serveApiDocument(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), { jsonDocumentUrl: 'docs-json', raw: ['json'] });
}
