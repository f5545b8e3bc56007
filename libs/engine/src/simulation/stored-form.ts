/** What says by `toJSON` what is stored of it (see `Entries.put`) is asked for that; anything else is stored as it is. */
export const storedForm = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'toJSON' in value ? (value.toJSON as () => unknown)() : value;
