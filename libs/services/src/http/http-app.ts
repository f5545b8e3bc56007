import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { maxIdentifier } from '@tocsin/core';
import { nestLogger } from '@tocsin/nest';
import type { Logger, Metrics } from '@tocsin/nest';
import { maxBodyBytes, readBodies } from './body-parsers.ts';
import { ErrorAnswers } from './error-answers.ts';
import { addSecurityHeaders } from './security-headers.ts';

/** The longest identifier, each character percent-encoded. */
const maxParamLength = maxIdentifier * 9;

/** The Nest application of a process, with everything that holds for all of its HTTP: it does not listen yet. */
export async function httpApp(options: {
  readonly root: DynamicModule;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Do people reach it by https? */
  readonly https: boolean;
}): Promise<NestFastifyApplication> {
  const { root, logger, metrics, https } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    root,
    new FastifyAdapter({ bodyLimit: maxBodyBytes, trustProxy: false, routerOptions: { maxParamLength } }),
    { bodyParser: false, logger: nestLogger(logger), abortOnError: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  addSecurityHeaders(fastify, { https });
  readBodies(fastify);
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  app.useGlobalFilters(new ErrorAnswers(logger, metrics));
  return app;
}

/** A request that has not been answered by then is cut off: a stream that a page holds open never ends by itself. */
const longestRequestMs = 3_000;

/**
 * Ends HTTP: requests under way are answered. A connection that was busy when closing began falls idle later and would be
 * kept alive for its next request, so idle ones are closed again and again until none is left.
 */
export async function closeHttp(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const late = setTimeout(() => server.closeAllConnections(), longestRequestMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
