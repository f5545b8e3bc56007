/** Milliseconds since 1970-01-01T00:00:00Z. Fields that hold one are named `...At`. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Span = number;

export const milliseconds = (n: number): Span => n;
export const seconds = (n: number): Span => n * 1_000;
export const minutes = (n: number): Span => n * 60_000;
export const hours = (n: number): Span => n * 3_600_000;
export const days = (n: number): Span => n * 86_400_000;
