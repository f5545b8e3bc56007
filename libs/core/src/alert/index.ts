export { alertStage } from './alert-stage.ts';
export type { AlertOptions } from './alert-stage.ts';
export { allowed, allowedByPurpose } from './allowed.ts';
export { canonicalAddress, plainNumber } from './canonical-address.ts';
export { applyConsent, consentFor, plainClasses } from './consents.ts';
export { addressDigest, contactOf, knownAddress } from './contacts.ts';
export type { ContactParts } from './contacts.ts';
export { nextOffsetBase, offsetBaseEntry, sourcePlace } from './source-place.ts';
export { alertTypes, alertTypeOf, defaultPolicy, defaultTiming } from './policy.ts';
export type { AlertTiming, AlertType, ChannelTable } from './policy.ts';
export { fitsEntry, maxPolicyCharacters, problemsOfPolicy } from './policy-problems.ts';
export { readReply } from './read-reply.ts';
export type { Answer, AskedQuestion, ReplyInput, ReplyMeaning } from './read-reply.ts';
export { customerEntries, emptyConsents, policyEntry } from './state.ts';
export type {
  AlertHistory,
  AlertHistoryEntry,
  AlertProgress,
  ConsentCell,
  ConsentState,
  ProfileState,
  Question,
  QuestionState,
  QuestionsState,
} from './state.ts';
export { isStop } from './stop-words.ts';
