import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultPorts, readSettings, serviceNames } from '@tocsin/services';
import type { ServiceName } from '@tocsin/services';
import { root, run } from '../workspace.ts';
import { text, yaml } from './deploy-files.ts';

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
}

const compose = yaml('deploy/compose.yaml') as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const environment = { TOCSIN_SECRET: 'x'.repeat(64), TOCSIN_BANK_KEY_SHA256: '0'.repeat(64) };

describe('compose.yaml', () => {
  it('runs every service of the code, under its name', () => {
    const started = ours.flatMap(([name, { command = [] }]) =>
      serviceNames.includes(command[0] as ServiceName) ? [[name, command[0]]] : [],
    );
    expect(started.sort()).toEqual(serviceNames.map((name) => [name, name]).sort());
  });

  it.each(serviceNames)('asks %s for its health where the code answers', (name) => {
    const { healthcheck } = compose.services[name]!;
    expect(healthcheck!.test.join(' ')).toContain(`http://127.0.0.1:${defaultPorts[name]}/health/ready`);
  });

  it('gives the command only verbs and options that exist', () => {
    for (const [name, { command = [] }] of ours) {
      if (serviceNames.includes(name as ServiceName)) continue;
      const verbs = command.filter((word) => /^[a-z]+$/.test(word));
      const { code, output } = run('apps/tocsin/bin/entry.mjs', [...verbs, '--help']);
      expect({ name, code }).toEqual({ name, code: 0 });
      expect(output).toContain(`Usage: tocsin ${verbs.join(' ')}`);
      for (const option of command.filter((word) => word.startsWith('--'))) expect(output).toContain(option);
    }
  });

  it('names ports of our services that are theirs', () => {
    const ports = [...text('deploy/compose.yaml').matchAll(/http:\/\/(\w+):(\d+)/g)]
      .filter(([, host = '']) => serviceNames.includes(host as ServiceName))
      .map(([, host, port]) => ({ host, port: Number(port) }));
    expect(ports.length).toBeGreaterThanOrEqual(serviceNames.length);
    expect(ports.filter(({ host, port }) => defaultPorts[host as ServiceName] !== port)).toEqual([]);
    const targets = (
      yaml('deploy/compose/prometheus.yaml') as {
        scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
      }
    ).scrape_configs;
    expect(targets.map(({ job_name }) => job_name)).toEqual(['tocsin']);
    expect(targets[0]!.static_configs[0]!.targets.toSorted()).toEqual(
      serviceNames.map((name) => `${name}:${defaultPorts[name]}`).sort(),
    );
  });

  it('mounts only what is there, and waits only for what is there', () => {
    for (const [name, { volumes = [], depends_on = [], build }] of services) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        const there = source.startsWith('.') ? existsSync(join(root, 'deploy', source)) : source in compose.volumes;
        expect({ name, source, there }).toEqual({ name, source, there: true });
      }
      const awaited = Array.isArray(depends_on) ? (depends_on as readonly string[]) : Object.keys(depends_on);
      expect(awaited.filter((other) => compose.services[other] === undefined)).toEqual([]);
      if (build !== undefined) expect(existsSync(join(root, 'deploy', build.context, build.dockerfile))).toBe(true);
    }
  });

  it('gives our containers no more than they need, and secrets by the environment', () => {
    for (const [name, service] of ours) {
      expect({ name, readOnly: service.read_only }).toEqual({ name, readOnly: true });
      for (const secret of Object.keys(environment)) expect(service.environment?.[secret]).toMatch(/^\$\{\w+:\?/);
    }
  });

  it('has a configuration that the services take', () => {
    const settings = readSettings(text('deploy/compose/tocsin.yaml'), environment);
    expect(settings.http.host).toBe('0.0.0.0');
    for (const broker of settings.kafka!.brokers) expect(compose.services[broker.split(':')[0]!]).toBeDefined();
    expect(compose.services[settings.redis!.host]).toBeDefined();
    const topics = text('deploy/compose.yaml');
    for (const { topic } of settings.sources) expect(topics).toContain(topic);
  });
});
