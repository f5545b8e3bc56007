import { ReplaySubject, map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { MessageEvent } from '@nestjs/common';

/** What the page and the terminal are told. */
export type DemoEvent =
  | {
      readonly type: 'transaction';
      readonly id: string;
      readonly at: number;
      readonly merchant: string;
      readonly amount: string;
      readonly account: string;
      readonly status: string;
    }
  | {
      readonly type: 'finding';
      readonly transactionId: string;
      readonly score: number;
      readonly evidence: readonly { readonly rule: string; readonly summary: string }[];
    }
  | {
      readonly type: 'message';
      readonly key: string;
      readonly channel: string;
      readonly from: string;
      readonly text: string;
      readonly at: number;
      readonly replies: readonly { readonly title: string; readonly payload: string }[];
    }
  | {
      readonly type: 'disclosure';
      readonly key: string;
      readonly fields: readonly string[];
      readonly provider: string;
      readonly purpose: string;
      readonly ground: string;
    }
  | { readonly type: 'reply'; readonly channel: string; readonly text: string }
  | {
      readonly type: 'request';
      readonly requestId: string;
      readonly account: string;
      readonly reason: string;
      readonly at: number;
    }
  | { readonly type: 'answer'; readonly requestId: string; readonly answer: 'accepted' | 'refused' }
  | { readonly type: 'consents'; readonly classes: Readonly<Record<string, boolean>>; readonly stopped: boolean };

/** Everything that happened lately, for whoever comes later, and all that follows. */
export class DemoHub {
  readonly #events = new ReplaySubject<DemoEvent>(300);

  emit(event: DemoEvent): void {
    this.#events.next(event);
  }

  get events(): Observable<DemoEvent> {
    return this.#events;
  }

  /** As server-sent events, each under its type. */
  get stream(): Observable<MessageEvent> {
    return this.#events.pipe(map(({ type, ...data }) => ({ type, data })));
  }
}
