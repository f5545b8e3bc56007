import { describe, expect, it } from '@jest/globals';
import { FaultScript } from './faults.ts';
import type { FaultRule } from './faults.ts';

const slow = { kind: 'slow', delayMs: 1 } as const;
const drawn = (rule: FaultRule, recipients: readonly string[], seed = 1): boolean[] => {
  const script = new FaultScript(seed);
  script.add(rule);
  return recipients.map((recipient) => script.next(recipient) !== undefined);
};

describe('a script of faults', () => {
  it('counts', () => {
    expect(drawn({ fault: slow, times: 2, after: 1 }, ['a', 'a', 'a', 'a'])).toEqual([false, true, true, false]);
  });

  it('chooses by the end of the address', () => {
    expect(drawn({ fault: slow, recipientSuffix: '9' }, ['+19', '+18', '+99'])).toEqual([true, false, true]);
  });

  it('draws the same for the same seed, about as often as asked', () => {
    const many = Array.from({ length: 1_000 }, () => 'a');
    const first = drawn({ fault: slow, probability: 0.3 }, many, 7);
    expect(drawn({ fault: slow, probability: 0.3 }, many, 7)).toEqual(first);
    expect(drawn({ fault: slow, probability: 0.3 }, many, 8)).not.toEqual(first);
    const hits = first.filter(Boolean).length;
    expect(hits).toBeGreaterThan(250);
    expect(hits).toBeLessThan(350);
  });

  it('takes the first rule that holds, and forgets one that was taken away', () => {
    const script = new FaultScript(1);
    const remove = script.add({ fault: slow, recipientSuffix: '1' });
    script.add({ fault: { kind: 'never-answer' } });
    expect([script.next('1')?.kind, script.next('2')?.kind]).toEqual(['slow', 'never-answer']);
    remove();
    expect(script.next('1')?.kind).toBe('never-answer');
    script.clear();
    expect(script.next('1')).toBeUndefined();
  });

  it('has no recipient before the body', () => {
    const script = new FaultScript(1);
    script.add({ fault: { kind: 'drop-before-body' } });
    expect([script.next(undefined)?.kind, script.next('1')]).toEqual(['drop-before-body', undefined]);
    expect(() => script.add({ fault: { kind: 'drop-before-body' }, recipientSuffix: '1' })).toThrow(
      'has no recipient yet',
    );
  });
});
