import 'reflect-metadata';
import { createServer } from 'node:net';
import { Module, ValidationPipe } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { EngineError } from '@tocsin/engine';
import { Dependencies, LogTransport, Metrics, OperationsModule, nestLogger } from '@tocsin/nest';
import type { Logger } from '@tocsin/nest';
import { alertService } from './alert/alert-service.ts';
import { deliverService } from './deliver/deliver-service.ts';
import { detectService } from './detect/detect-service.ts';
import { gatewayService } from './gateway/gateway-service.ts';
import type { GatewayExtras } from './gateway/gateway-service.ts';
import { ingestService } from './ingest/ingest-service.ts';
import { openPlatform } from './platform/platform.ts';
import type { Platform } from './platform/platform.ts';
import { defaultPorts } from './service.ts';
import type { Service, ServiceContext, ServiceName } from './service.ts';
import type { Settings } from './settings.ts';

/** A topic is not as configured: nothing that a restart would mend. */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotStart';
  }
}

export interface Running {
  readonly app: NestFastifyApplication;
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly dependencies: Dependencies;
  readonly url: string;
  /** Drains the stages, closes HTTP, closes the storage. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly services: readonly ServiceName[];
  readonly logger: Logger;
  readonly gateway?: GatewayExtras;
  /** Further modules, such as the page's. */
  readonly modules?: readonly DynamicModule[];
  readonly platform?: Platform;
  /** Told when a stage cannot run as configured (CannotStart); the default is to keep trying and say so in health. */
  readonly refused?: (error: CannotStart) => void;
  /** Called with the Fastify application before it listens, for static files. */
  readonly prepare?: (app: NestFastifyApplication) => Promise<void>;
}

@Module({})
class ProcessModule {}

/** The services that are nothing but stages. */
export const stagesOnly: Readonly<Record<Exclude<ServiceName, 'gateway'>, (context: ServiceContext) => Service>> = {
  ingest: ingestService,
  detect: detectService,
  alert: alertService,
  deliver: deliverService,
};

/** Nobody else may listen there; otherwise says so, with what to do. */
async function assertFree(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CannotStart(`Port ${port} on ${host} is taken by another process: end it, or set http.port.`, {
              cause: error,
            })
          : error,
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/**
 * Starts one service, or several in this process, on one platform. Health and metrics answer from the beginning; a broker or
 * a store that is away is waited for.
 */
export async function start(options: StartOptions): Promise<Running> {
  const { settings, services, logger } = options;
  const [only] = services;
  const port =
    settings.http.port ?? (services.length === 1 && only !== undefined ? defaultPorts[only] : defaultPorts.gateway);
  const { host } = settings.http;
  if (port !== 0) await assertFree(host, port);
  const publicUrl = settings.gateway.publicUrl ?? `http://${host}:${port}`;

  const platform = options.platform ?? (await openPlatform(settings, logger));
  const metrics = new Metrics();
  const dependencies = new Dependencies();
  dependencies.add({ name: 'log', check: () => platform.log.ping() });
  dependencies.add({ name: 'state', check: () => platform.state.ping() });
  const context = { settings, platform, metrics, logger, dependencies };

  const modules: DynamicModule[] = [OperationsModule.forRoot({ metrics, dependencies }), ...(options.modules ?? [])];
  const made: Service[] = services.map((name): Service => {
    if (name !== 'gateway') return stagesOnly[name](context);
    const service = gatewayService(context, publicUrl, options.gateway);
    modules.push(service.module);
    return service;
  });

  const root: DynamicModule = {
    module: ProcessModule,
    imports: modules,
    controllers: made.flatMap(({ controllers }) => [...controllers]),
    providers: made.flatMap(({ providers }) => [...(providers ?? [])]),
  };
  const app = await NestFactory.create<NestFastifyApplication>(
    root,
    new FastifyAdapter({ bodyLimit: 1024 * 1024, trustProxy: false }),
    {
      rawBody: true,
      logger: nestLogger(logger),
      abortOnError: false,
    },
  );
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  if (services.includes('gateway')) describeApi(app);
  await options.prepare?.(app);

  const transport = new LogTransport({
    log: platform.log,
    feeds: made.flatMap(({ feeds }) => [...feeds]),
    failed: (feed, error) => {
      const reason = error instanceof Error ? error.message : String(error);
      metrics.count('subscribe_failures', { topic: feed.options.topic });
      logger.warn('a stage cannot subscribe yet; trying again', { topic: feed.options.topic, reason });
      if (error instanceof EngineError && error.code === 'PARTITIONS_DIFFER')
        options.refused?.(new CannotStart(reason, { cause: error }));
    },
  });
  app.connectMicroservice({ strategy: transport }, { inheritAppConfig: false });
  await app.startAllMicroservices();
  await app.listen(port, host);

  return {
    app,
    platform,
    metrics,
    dependencies,
    url: await app.getUrl(),
    async close() {
      // The stages first: what they have begun still needs the storage, and health keeps answering meanwhile.
      await transport.close();
      for (const { close } of made) await close?.();
      await app.close();
      await platform.close();
    },
  };
}

/** The OpenAPI document at /docs and /docs-json. */
function describeApi(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Tocsin')
    .setDescription('The bank’s side of the gateway: customers, consents, accounts, alerts, disclosures.')
    .setVersion('1')
    .addBearerAuth()
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }, 'api-key')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: 'docs-json',
  });
}
