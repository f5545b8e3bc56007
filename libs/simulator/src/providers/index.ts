export type { Fault, FaultRule } from './faults.ts';
export type { Fake, FakeOptions, ReceivedRequest, VisibleMessage } from './fake-server.ts';
export type { WebhookFaults, WebhookReply } from './webhook-sender.ts';
export type { FakeTemplate } from './fake-graph-check.ts';
export type { GraphEvents } from './fake-graph-events.ts';
export * from './fake-graph.ts';
export * from './fake-twilio.ts';
export * from './fake-generic-sms.ts';
