/** What a caller of the API may do. `*:write` includes nothing else: scopes are separate. */
export const scopes = [
  'customers:read',
  'customers:write',
  'accounts:write',
  'events:write',
  'bank-answers:write',
  'alerts:read',
  'disclosures:read',
  'links:write',
  'kill-switch',
] as const;
export type Scope = (typeof scopes)[number];
