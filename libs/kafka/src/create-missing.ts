import type { TopicSpec } from '@tocsin/core';

const attempts = 3;

/**
 * Creates the topics that are missing, and says which. Another instance may create some between the question and the order:
 * then the question is asked again.
 */
export async function createMissing(
  missingOf: () => Promise<readonly TopicSpec[]>,
  create: (missing: readonly TopicSpec[]) => Promise<void>,
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    const missing = await missingOf();
    if (missing.length === 0) return [];
    try {
      await create(missing);
      return missing.map(({ name }) => name);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
