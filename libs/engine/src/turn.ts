/** One at a time: a batch and a paced checkpoint of the same partition never overlap. */
export class Turn {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  tryTake(): boolean {
    if (this.#taken) return false;
    this.#taken = true;
    return true;
  }

  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
