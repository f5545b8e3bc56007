/**
 * Has the value more than `levels` levels of objects and arrays? `{}` has one. It descends no further than asked, so a
 * hostile depth cannot exhaust the stack. (JSON.parse itself does not recurse.)
 */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels <= 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeperThan(item, levels - 1)) return true;
    return false;
  }
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
