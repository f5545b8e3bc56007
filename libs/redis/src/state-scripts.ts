import type { Script } from './redis-connection.ts';

/*
 * The scripts of one slot. KEYS[1] is the position, the others are the hashes of entries.
 *
 * Nothing is ever half written: Redis decides before the first writing command of a script whether it may write at all
 * (memory, replicas, a full disk), and lets a script that has begun to write finish. So the first write of each script is
 * an HSET, which is refused when memory is used up; a removal would not be.
 *
 * Lua can hand about 8,000 values to a call, hence the chunks.
 */

const chunk = 2_000;

const held = `
local owner = redis.call('HMGET', KEYS[1], 'token', 'version')
if owner[1] ~= ARGV[1] or (owner[2] or '0') ~= ARGV[2] then return 0 end
`;

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** ARGV: token, lease, '1' to take over. Replies busy and for how long, or acquired, position and resident entries. */
export const acquireScript: Script = {
  name: 'tocsinAcquire',
  lua: `${now}
local p = redis.call('HMGET', KEYS[1], 'token', 'lease', 'version', 'offset', 'fingerprint', 'generation', 'clock')
if ARGV[3] ~= '1' and p[1] and p[1] ~= '' then
  local left = tonumber(p[2]) - now
  if left > 0 then return { 'busy', string.format('%.0f', left) } end
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'lease', string.format('%.0f', now + ARGV[2]))
return { 'acquired', p[3] or '0', p[4], p[5], p[6], p[7], redis.call('HGETALL', KEYS[2]) }`,
};

/**
 * ARGV: token, version, next version, offset, fingerprint, generation, clock, lease, '1' to release; then for each hash
 * that changes: its place in KEYS, how many fields are set, how many are removed, fields and values, fields.
 * Replies 1, or 0 where fenced.
 */
export const checkpointScript: Script = {
  name: 'tocsinCheckpoint',
  lua: `${held}${now}
local token, lease = ARGV[1], now + ARGV[8]
if ARGV[9] == '1' then token, lease = '', 0 end
redis.call('HSET', KEYS[1], 'token', token, 'lease', string.format('%.0f', lease), 'version', ARGV[3],
  'offset', ARGV[4], 'fingerprint', ARGV[5], 'generation', ARGV[6], 'clock', ARGV[7])
local i = 10
while i <= #ARGV do
  local key, set, gone = KEYS[tonumber(ARGV[i])], 2 * tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  i = i + 3
  for from = i, i + set - 1, ${chunk} do
    redis.call('HSET', key, unpack(ARGV, from, math.min(from + ${chunk - 1}, i + set - 1)))
  end
  i = i + set
  for from = i, i + gone - 1, ${chunk} do
    redis.call('HDEL', key, unpack(ARGV, from, math.min(from + ${chunk - 1}, i + gone - 1)))
  end
  i = i + gone
end
return 1`,
};

/** From ARGV[start] on, for each hash: its place in KEYS, how many fields, the fields. Replies the values in that order. */
const gather = (start: number): string => `
local found = {}
local i = ${start}
while i <= #ARGV do
  local key, count = KEYS[tonumber(ARGV[i])], tonumber(ARGV[i + 1])
  i = i + 2
  for from = i, i + count - 1, ${chunk} do
    local some = redis.call('HMGET', key, unpack(ARGV, from, math.min(from + ${chunk - 1}, i + count - 1)))
    for j = 1, #some do found[#found + 1] = some[j] end
  end
  i = i + count
end
return found`;

/** ARGV: token, version, what to gather. Replies the values, or 0 where fenced. */
export const readScript: Script = { name: 'tocsinRead', lua: `${held}${gather(3)}` };

/** ARGV: what to gather. Without a check: for those who only look. */
export const peekScript: Script = { name: 'tocsinPeek', lua: gather(1) };

/**
 * ARGV: token, version, clock, place of a hash in KEYS, cursor in it, how many fields to look at. Looks on from there, over
 * the following hashes too, and removes what has expired (the entry header: one byte, then a big-endian float64, 0 = never).
 * Replies where to go on and how many went, or 0 where fenced.
 */
export const sweepScript: Script = {
  name: 'tocsinSweep',
  lua: `${held}
local clock, place, cursor, left = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local removed = 0
repeat
  local scan = redis.call('HSCAN', KEYS[place], cursor, 'COUNT', left)
  local fields, gone = scan[2], {}
  for i = 1, #fields, 2 do
    if #fields[i + 1] >= 9 then
      local expiry = struct.unpack('>d', string.sub(fields[i + 1], 2, 9))
      if expiry ~= 0 and expiry <= clock then gone[#gone + 1] = fields[i] end
    end
  end
  for from = 1, #gone, ${chunk} do
    removed = removed + redis.call('HDEL', KEYS[place], unpack(gone, from, math.min(from + ${chunk - 1}, #gone)))
  end
  left = left - #fields / 2
  cursor = scan[1]
  if cursor == '0' then
    place = place + 1
    if place > #KEYS then place = 2 end
  end
until left <= 0 or (cursor == '0' and place == 2)
return { place, cursor, removed }`,
};

export const stateScripts: readonly Script[] = [acquireScript, checkpointScript, readScript, peekScript, sweepScript];
