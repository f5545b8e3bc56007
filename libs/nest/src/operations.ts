import { Controller, Get, Header, Inject, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import type { HealthCheckResult, HealthIndicatorResult } from '@nestjs/terminus';
import { Metrics } from './metrics.ts';

/** Something that this service needs in order to work: the log, the state store, a partition in good order. */
export interface Dependency {
  readonly name: string;
  /** Resolves when all is well; rejects with a sentence that says what is wrong. */
  readonly check: () => Promise<void>;
}

/** A check that takes longer counts as failed: whoever asks about health has a time limit too. */
const longestCheckMs = 2_000;

/** What a module contributes to `/health/ready` and to `tocsin_dependency_up`. */
export class Dependencies {
  readonly #all: Dependency[] = [];
  #running: Promise<ReadonlyMap<string, string | null>> | undefined;

  add(dependency: Dependency): void {
    this.#all.push(dependency);
  }

  /** By name: null where all is well, else what is wrong. Whoever asks while a check runs gets the result of that one. */
  problems(): Promise<ReadonlyMap<string, string | null>> {
    this.#running ??= this.#check().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #check(): Promise<ReadonlyMap<string, string | null>> {
    return new Map(
      await Promise.all(this.#all.map(async ({ name, check }) => [name, await problemOf(check)] as const)),
    );
  }
}

async function problemOf(check: Dependency['check']): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${longestCheckMs} ms`), longestCheckMs);
  });
  const done = async (): Promise<string | null> => {
    try {
      await check();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  try {
    return await Promise.race([done(), late]);
  } finally {
    clearTimeout(timer);
  }
}

@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(Dependencies) private readonly dependencies: Dependencies,
  ) {}

  /** The process runs and answers. A dependency that is away is no reason to restart it. */
  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** 503 while something that this service needs is away, with one line for each. */
  @Get('ready')
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  async ready(): Promise<HealthCheckResult> {
    const problems = await this.dependencies.problems();
    return this.health.check(
      [...problems].map(
        ([name, problem]) =>
          () =>
            this.#indicate(name, problem),
      ),
    );
  }

  #indicate(name: string, problem: string | null): HealthIndicatorResult {
    const indicator = this.indicators.check(name);
    return problem === null ? indicator.up() : indicator.down({ message: problem });
  }
}

@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Dependencies) private readonly dependencies: Dependencies,
  ) {}

  /** Also says what is away: 1 or 0 for each thing that this service needs, as of this scrape. */
  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async text(): Promise<string> {
    for (const [dependency, problem] of await this.dependencies.problems()) {
      this.metrics.set('dependency_up', { dependency }, problem === null ? 1 : 0);
    }
    return this.metrics.text();
  }
}

/** `/health/live`, `/health/ready` and `/metrics`, the same in every service. */
@Module({})
export class OperationsModule {
  static forRoot(options: { readonly metrics: Metrics; readonly dependencies: Dependencies }): DynamicModule {
    return {
      module: OperationsModule,
      global: true,
      imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false })],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: Metrics, useValue: options.metrics },
        { provide: Dependencies, useValue: options.dependencies },
      ],
      exports: [Metrics, Dependencies],
    };
  }
}
