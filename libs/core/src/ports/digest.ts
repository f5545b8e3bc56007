/** A cryptographic hash (SHA-256, lower-case hex) of UTF-8 text. Handed in, because the core imports nothing; it is pure, so it replays. */
export type Digest = (text: string) => string;

/** The same over bytes: for records that are kept by their hash alone. */
export type DigestBytes = (bytes: Uint8Array) => string;
