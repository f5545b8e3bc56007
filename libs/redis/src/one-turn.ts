interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

let ending: (() => void)[] = [];

/** Calls at the end of this turn, together with all others, so that what they send to Redis leaves in one piece. */
function atEndOfTurn(call: () => void): void {
  if (ending.push(call) > 1) return;
  setImmediate(() => {
    const calls = ending;
    ending = [];
    for (const one of calls) one();
  });
}

/**
 * Gathers what is asked in one turn of the event loop, and asks it together as the turn ends: many callers then share one
 * round trip. Every question is sent after it was asked, so an answer is as new as if it had been asked alone.
 */
export class OneTurn<Question, Answer> {
  readonly #answer: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Question, Answer>[] = [];

  /** `answer` gives one for each question, in their order; where it rejects, everybody who asked is told. */
  constructor(answer: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#answer = answer;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ question, resolve, reject }) === 1) atEndOfTurn(() => void this.#askAll());
    });
  }

  async #askAll(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    try {
      const answers = await this.#answer(all.map(({ question }) => question));
      all.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }
}
