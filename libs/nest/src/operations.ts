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

/** What a module contributes to `/health/ready`. */
export class Dependencies {
  readonly #all: Dependency[] = [];

  add(dependency: Dependency): void {
    this.#all.push(dependency);
  }

  get all(): readonly Dependency[] {
    return this.#all;
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
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(this.dependencies.all.map((dependency) => () => this.#indicate(dependency)));
  }

  async #indicate({ name, check }: Dependency): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(name);
    try {
      await check();
      return indicator.up();
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    }
  }
}

@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
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
