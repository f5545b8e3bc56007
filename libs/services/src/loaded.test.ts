import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { freePort, waitUntil } from '@tocsin/testing';
import { stringify } from 'yaml';
import type { ServiceName } from './service.ts';

/* What a service loads it keeps in memory for as long as it runs: each loads only what it uses. */

/** Large, and needed by some services or some configurations alone. */
const dear = ['@nestjs/swagger', '@platformatic/kafka', 'jose', 'kafkajs', 'lmdb', 'nodemailer', 'undici'];

/** Keeps a list of all modules that the process loads, and writes it when the process ends. */
const watching = (file: string): string =>
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    import { writeFileSync } from 'node:fs';
    const urls = [];
    registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, urls.join('\\n')));
  `)}`;

const sms = {
  twilio: {
    baseUrl: 'http://127.0.0.1:9',
    accountSid: `AC${'1'.repeat(32)}`,
    password: 'secret',
    authTokens: ['secret'],
    from: '+35924000000',
  },
};

/** Neither Kafka nor Redis is there: a service starts all the same, and waits for them. */
async function loadedBy(service: ServiceName, client: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-loaded-'));
  const file = join(folder, 'tocsin.yaml');
  const urls = join(folder, 'urls');
  const port = await freePort();
  writeFileSync(
    file,
    stringify({
      secret: 's'.repeat(32),
      storage: 'kafka',
      kafka: { brokers: [`127.0.0.1:${await freePort()}`], client },
      redis: { port: await freePort() },
      logLevel: 'silent',
      http: { port },
      tenants: { mybank: { bankName: 'My Bank' } },
      channels: { sms },
    }),
  );
  const main = fileURLToPath(new URL(`../../../apps/${service}/dist/main.js`, import.meta.url));
  const child = spawn(process.execPath, ['--import', watching(urls), main, '--config', file], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    // Asks for Kafka, which loads its client.
    await waitUntil(
      `${service} to answer`,
      () =>
        fetch(`http://127.0.0.1:${port}/health/ready`).then(
          ({ status }) => status === 503,
          () => false,
        ),
      { withinMs: 60_000 },
    );
    child.kill('SIGTERM');
    await ended;
    const loaded = readFileSync(urls, 'utf8');
    return dear.filter((name) => loaded.includes(`/node_modules/${name}/`));
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

it.each([
  ['detect', 'platformatic', ['@platformatic/kafka']],
  ['detect', 'kafkajs', ['kafkajs']],
  ['deliver', 'platformatic', ['@platformatic/kafka', 'undici']],
  ['gateway', 'platformatic', ['@nestjs/swagger', '@platformatic/kafka', 'jose']],
] as const)('%s with the client %s loads only what it uses', async (service, client, expected) => {
  expect(await loadedBy(service, client)).toEqual(expected);
});
