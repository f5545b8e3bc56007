/** Runs with a global fetch that fails and an environment that notes who asks. What Node itself asks for does not count. */
export async function withTrappedProcess(run: () => Promise<void>): Promise<readonly string[]> {
  const read: string[] = [];
  const { env } = process;
  const { fetch } = globalThis;
  process.env = new Proxy(env, {
    get(target, name) {
      if (typeof name === 'string' && !name.startsWith('NODE_')) read.push(name);
      return Reflect.get(target, name) as unknown;
    },
  });
  globalThis.fetch = () => Promise.reject(new Error('A channel uses the fetch that it is handed.'));
  try {
    await run();
  } finally {
    process.env = env;
    globalThis.fetch = fetch;
  }
  return read;
}
