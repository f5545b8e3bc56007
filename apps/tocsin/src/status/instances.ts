import { defaultPorts, urlAt } from '@tocsin/services';
import type { Settings } from '@tocsin/services';
import { readExposition } from './exposition.ts';
import type { Sample } from './exposition.ts';

/** What one process says of itself. */
export interface Instance {
  readonly url: string;
  readonly answers: boolean;
  readonly version: string | null;
  /** What is away or stands still, as its `/health/ready` says; or why it does not answer. */
  readonly problems: readonly { readonly what: string; readonly problem: string }[];
  readonly samples: readonly Sample[];
}

const patienceMs = 3_000;

/** Where to ask when nobody says: this machine, at the ports that the services have by themselves. */
export function usualUrls({ http }: Settings): readonly string[] {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host;
  const ports = http.port === undefined ? Object.values(defaultPorts) : [http.port];
  return ports.map((port) => urlAt(host, port));
}

export const askAll = (urls: readonly string[]): Promise<readonly Instance[]> => Promise.all(urls.map(ask));

async function ask(url: string): Promise<Instance> {
  try {
    const [metrics, health] = await Promise.all([get(`${url}/metrics`), get(`${url}/health/ready`)]);
    if (!metrics.ok) return away(url, `/metrics answers ${metrics.status}`);
    const samples = readExposition(await metrics.text());
    const { details = {} } = (await health.json()) as { details?: Record<string, Readonly<Record<string, string>>> };
    return {
      url,
      answers: true,
      version: samples.find(({ name }) => name === 'tocsin_build_info')?.labels['version'] ?? null,
      problems: Object.entries(details).flatMap(([what, { status, message }]) =>
        status === 'up' ? [] : [{ what, problem: message ?? 'not well' }],
      ),
      samples,
    };
  } catch (error) {
    return away(url, reasonOf(error));
  }
}

const away = (url: string, problem: string): Instance => ({
  url,
  answers: false,
  version: null,
  problems: [{ what: 'instance', problem }],
  samples: [],
});

const get = (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(patienceMs) });

/** What fetch says is "fetch failed"; why, its cause knows. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Partial<Error> & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer within ${patienceMs} ms`;
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
