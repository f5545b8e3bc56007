import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EngineError } from '@tocsin/engine';
import { Dependencies, LogTransport, Metrics, OperationsModule } from '@tocsin/nest';
import type { Logger } from '@tocsin/nest';
import { CannotStart } from './cannot-start.ts';
import type { GatewayExtras } from './gateway/gateway-service.ts';
import { closeHttp, httpApp } from './http/http-app.ts';
import { assertFree, cannotListen, urlAt } from './http/port.ts';
import { causesOf } from './platform/causes-of.ts';
import { openPlatform } from './platform/platform.ts';
import type { Platform } from './platform/platform.ts';
import { defaultPorts } from './service.ts';
import type { Service, ServiceContext, ServiceName } from './service.ts';
import type { Settings } from './settings.ts';

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

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

@Module({})
class ProcessModule {}

/** The services that are nothing but stages; each is loaded only where it runs, with what it alone needs. */
const stagesOnly: Readonly<Record<Exclude<ServiceName, 'gateway'>, (context: ServiceContext) => Promise<Service>>> = {
  ingest: async (context) => (await import('./ingest/ingest-service.ts')).ingestService(context),
  detect: async (context) => (await import('./detect/detect-service.ts')).detectService(context),
  alert: async (context) => (await import('./alert/alert-service.ts')).alertService(context),
  deliver: async (context) => (await import('./deliver/deliver-service.ts')).deliverService(context),
};

/**
 * Starts one service, or several in this process, on one platform. Health and metrics answer from the beginning; a broker or
 * a store that is away is waited for.
 * @throws CannotStart when the port is taken
 */
export async function start(options: StartOptions): Promise<Running> {
  const { settings, services } = options;
  const [only] = services;
  const { host } = settings.http;
  const port =
    settings.http.port ?? (services.length === 1 && only !== undefined ? defaultPorts[only] : defaultPorts.gateway);
  if (port !== 0) await assertFree(host, port);
  const platform = options.platform ?? (await openPlatform(settings, options.logger));
  try {
    return await startOn(platform, options, host, port);
  } catch (error) {
    await platform.close();
    throw error;
  }
}

async function startOn(platform: Platform, options: StartOptions, host: string, port: number): Promise<Running> {
  const { settings, services, logger } = options;
  const publicUrl = (settings.gateway.publicUrl ?? urlAt(host, port)).replace(/\/+$/, '');
  const metrics = new Metrics();
  metrics.set('build_info', { version, node: process.version }, 1);
  const dependencies = new Dependencies();
  dependencies.add({ name: 'log', check: () => platform.log.ping() });
  dependencies.add({ name: 'state', check: fitState(platform) });
  const context = { settings, platform, metrics, logger, dependencies };

  const modules: DynamicModule[] = [OperationsModule.forRoot({ metrics, dependencies }), ...(options.modules ?? [])];
  const made: Service[] = [];
  for (const name of services) {
    if (name === 'gateway') {
      // Loaded only where it runs: nobody else needs what it brings.
      const { gatewayService } = await import('./gateway/gateway-service.ts');
      const service = gatewayService(context, publicUrl, options.gateway);
      modules.push(service.module);
      made.push(service);
    } else made.push(await stagesOnly[name](context));
  }
  const root: DynamicModule = {
    module: ProcessModule,
    imports: modules,
    controllers: made.flatMap(({ controllers }) => [...controllers]),
    providers: made.flatMap(({ providers }) => [...(providers ?? [])]),
  };
  const app = await httpApp({ root, logger, metrics, https: publicUrl.startsWith('https:') });
  if (services.includes('gateway')) (await import('./http/api-document.ts')).serveApiDocument(app);
  await options.prepare?.(app);

  const waitingFor = new Map<object, string>();
  const transport = new LogTransport({
    log: platform.log,
    feeds: made.flatMap(({ feeds }) => [...feeds]),
    failed: (feed, error) => {
      const { topic } = feed.options;
      const reason = error instanceof Error ? error.message : String(error);
      metrics.count('subscribe_failures', { topic });
      // It is tried again every second: said once, and again where it fails for another reason.
      if (waitingFor.get(feed) !== reason) {
        // Which broker was asked: for this log only, since whoever reaches the gateway can ask it for its health.
        const causes = causesOf(error);
        const more = causes.length === 0 ? {} : { causes };
        logger.warn('a stage cannot subscribe yet; trying again', { topic, reason, ...more });
      }
      waitingFor.set(feed, reason);
      if (error instanceof EngineError && error.code === 'PARTITIONS_DIFFER')
        options.refused?.(new CannotStart(reason, { cause: error }));
    },
  });
  app.connectMicroservice({ strategy: transport }, { inheritAppConfig: false });
  const close = async (): Promise<void> => {
    // The stages first: what they have begun still needs the storage, and health keeps answering meanwhile.
    await transport.close();
    for (const service of made) await service.close?.();
    await closeHttp(app);
  };
  try {
    await app.startAllMicroservices();
    await app.listen(port, host);
  } catch (error) {
    await close();
    throw cannotListen(host, port, error as NodeJS.ErrnoException);
  }
  return {
    app,
    platform,
    metrics,
    dependencies,
    url: await app.getUrl(),
    async close() {
      await close();
      await platform.close();
    },
  };
}

/** The state store answers, and is one that state may be trusted to; once it was found fit, only that it answers is asked. */
function fitState({ state }: Platform): () => Promise<void> {
  let fit = false;
  return async () => {
    await state.ping();
    if (fit) return;
    const problems = await state.check();
    if (problems.length > 0) throw new Error(problems.join(' '));
    fit = true;
  };
}
