import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** What the network does to whoever goes this way. */
export type Weather =
  | { readonly kind: 'fair' }
  /** Every piece takes so much longer, in both directions; order is kept. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Nothing passes, and nobody is told: what is written waits, as behind a router that swallows packets. */
  | { readonly kind: 'silent' }
  /** Connections break, and new ones are refused. */
  | { readonly kind: 'cut' };

const fair: Weather = { kind: 'fair' };

/** One address that leads to another one, with a network between that can be spoiled; where it leads can change. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #target: number | undefined;
  #weather: Weather = fair;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => this.#take(client));
  }

  static async open(port: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    server.unref();
    return new TcpProxy(server, port);
  }

  /** Where it leads from now on. Connections that stand lead where they led, unless they are broken. */
  lead(target: number, breaking = true): void {
    this.#target = target;
    if (breaking) this.break();
  }

  break(): void {
    for (const pair of this.#pairs) pair.destroy();
  }

  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    if (weather.kind === 'cut') this.break();
    for (const pair of this.#pairs) pair.weatherChanged();
  }

  async close(): Promise<void> {
    this.break();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #take(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#target === undefined || this.#weather.kind === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const pair = new Pair(
      client,
      connect({ port: this.#target, host: '127.0.0.1', noDelay: true }),
      () => this.#weather,
    );
    this.#pairs.add(pair);
    pair.onEnd = () => void this.#pairs.delete(pair);
  }
}

class Pair {
  onEnd: () => void = () => undefined;
  readonly #ways: readonly Way[];

  constructor(client: Socket, server: Socket, weather: () => Weather) {
    this.#ways = [new Way(client, server, weather), new Way(server, client, weather)];
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.once('close', () => this.destroy());
    }
  }

  weatherChanged(): void {
    for (const way of this.#ways) way.pump();
  }

  destroy(): void {
    for (const way of this.#ways) way.destroy();
    this.onEnd();
  }
}

/** One direction: pieces wait here until it is their time. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #weather: () => Weather;
  readonly #waiting: { readonly due: number; readonly bytes: Buffer }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, weather: () => Weather) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    from.on('data', (bytes: Buffer) => {
      const now = weather();
      this.#waiting.push({ due: performance.now() + (now.kind === 'slow' ? now.delayMs : 0), bytes });
      this.pump();
    });
    from.on('end', () => {
      if (this.#waiting.length === 0) to.end();
      else to.destroy();
    });
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0 && this.#weather().kind !== 'silent') {
      const wait = this.#weather().kind === 'slow' ? this.#waiting[0]!.due - performance.now() : 0;
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      const { bytes } = this.#waiting.shift()!;
      if (!this.#to.write(bytes)) {
        this.#from.pause();
        this.#to.once('drain', () => this.#from.resume());
      }
    }
    // A peer that is not answered must not fill our memory.
    if (this.#waiting.length > 200) this.#from.pause();
    else if (this.#from.isPaused() && !this.#to.writableNeedDrain) this.#from.resume();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#from.destroy();
  }
}
