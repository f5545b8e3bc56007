import { render } from '@tocsin/core';
import type { AttemptRecord, ContactRecord, Instant, Job, OutcomeRecord, Rendered, TenantPolicy } from '@tocsin/core';
import type { ExecutorOptions } from './executor-options.ts';
import type { Verdict } from './may-leave.ts';

export interface PreparedAttempt {
  readonly message: Rendered;
  readonly record: AttemptRecord;
}

/** The message as it would leave now, and the record that must be durable before it does. */
export function prepareAttempt(
  options: ExecutorOptions,
  job: Job,
  contact: ContactRecord,
  policy: TenantPolicy,
  verdict: Extract<Verdict, { kind: 'go' }>,
  { by, now, deadlineAt }: { readonly by: string; readonly now: Instant; readonly deadlineAt: Instant },
): PreparedAttempt {
  const { channel } = options;
  const { id, tenantId, customerId, content, purpose } = job.delivery;
  const message = render({
    content,
    contact,
    bank: { name: policy.bankName, fallbackLanguage: policy.defaultLanguage },
    classes: verdict.classes,
    capabilities: channel.capabilities,
    now,
    reasonSentence: options.reasonSentence,
  });
  const attempt = job.attempts + 1;
  const record: AttemptRecord = {
    type: 'attempt',
    version: 1,
    id: `${id}#${attempt}`,
    deliveryId: id,
    tenantId,
    customerId,
    attempt,
    by,
    deadlineAt,
    disclosure: {
      provider: channel.provider.name,
      providerAccount: channel.provider.account,
      channel: channel.id,
      purpose,
      ground: verdict.ground,
      classes: message.classes,
      fields: message.fields,
      template: message.textId,
    },
  };
  return { message, record };
}

/** `left`: was anything given to the provider? */
export function outcomeRecord(
  job: Job,
  attempt: number,
  by: string,
  outcome: OutcomeRecord['outcome'],
  left: boolean,
): OutcomeRecord {
  const { id, tenantId, customerId } = job.delivery;
  return {
    type: 'outcome',
    version: 1,
    id: `${id}#${attempt}`,
    deliveryId: id,
    tenantId,
    customerId,
    attempt,
    by,
    left,
    outcome,
  };
}
