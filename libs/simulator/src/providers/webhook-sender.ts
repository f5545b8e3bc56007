/** Anything that goes wrong on the way to a webhook, on purpose. */
export interface WebhookFaults {
  /** Signs with another secret. */
  readonly wrongSignature?: boolean;
  /** Leaves the signature out. */
  readonly unsigned?: boolean;
  /** Sends the same call so often. Default 1. */
  readonly times?: number;
}

/** What a webhook answered. */
export interface WebhookReply {
  readonly status: number;
  readonly body: string;
}

/** Calls a webhook, so often as asked, and returns the last answer. */
export async function callWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  times = 1,
): Promise<WebhookReply> {
  let reply: WebhookReply = { status: 0, body: '' };
  for (let call = 0; call < times; call++) {
    const response = await fetch(url, { method: 'POST', headers, body });
    reply = { status: response.status, body: await response.text() };
  }
  return reply;
}
