import type { StageRunner } from '@tocsin/engine';

export type StageOptions<In> = ConstructorParameters<typeof StageRunner<In>>[0];
