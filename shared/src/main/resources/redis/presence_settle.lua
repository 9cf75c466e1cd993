-- Notes what was announced of people who were claimed, and when to look at them again.
--
-- KEYS  1  ZSET of people to look at
--       2.. HASH of each person, see presence_keep.lua
-- ARGV  1  now, epoch ms
--       2  the score that the claim gave
--       3  how long someone without a lease may still stand as announced, ms
--       4  how long the hash of someone who is gone is kept, s
--       5.. for each person two: what was announced ("" for offline), and when to look again, epoch ms ("" for never)
-- A person who came or went since the claim has another score, and is looked at then.

local due, now = KEYS[1], tonumber(ARGV[1])
for i = 2, #KEYS do
  local key = KEYS[i]
  local user = string.sub(key, -13)
  local announced, again = ARGV[2 * i + 1], ARGV[2 * i + 2]
  local live = false
  local fields = redis.call('HGETALL', key)
  for f = 1, #fields, 2 do
    if string.find(fields[f], '^[fi].') then
      if tonumber(fields[f + 1]) <= now then
        redis.call('HDEL', key, fields[f])
      else
        live = true
      end
    end
  end
  if announced == '' then
    redis.call('HDEL', key, 'a')
  elseif #fields > 0 then
    redis.call('HSET', key, 'a', announced)
    if not live then
      again = now + ARGV[3] -- they went while they were announced
    end
  end
  if not live then
    redis.call('EXPIRE', key, ARGV[4])
  end
  local score = redis.call('ZSCORE', due, user)
  if score and tonumber(score) == tonumber(ARGV[2]) then
    if again == '' then
      redis.call('ZREM', due, user)
    else
      redis.call('ZADD', due, again, user)
    end
  end
end
