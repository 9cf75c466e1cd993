-- Notes how someone wants to appear.
--
-- KEYS  1  ZSET of people to look at
--       2  HASH of the person, see presence_keep.lua
-- ARGV  1  now, epoch ms
--       2  "a" away, "v" invisible, "" as it is
--       3  a text beside it, "" for none
--       4  how long the hash is kept, s
-- Fields: c the choice, v since when invisible, t the text.

local key = KEYS[2]
local TILL_SETTLED = -1 -- as the TTL: somebody is there, or was until just now
local ttl = redis.call('TTL', key)
if ARGV[2] ~= 'v' then
  redis.call('HDEL', key, 'v')
elseif redis.call('HGET', key, 'c') ~= 'v' then
  redis.call('HSET', key, 'v', ARGV[1])
end
if ARGV[2] == '' then
  redis.call('HDEL', key, 'c')
else
  redis.call('HSET', key, 'c', ARGV[2])
end
if ARGV[3] == '' then
  redis.call('HDEL', key, 't')
else
  redis.call('HSET', key, 't', ARGV[3])
end
if ttl ~= TILL_SETTLED then
  redis.call('EXPIRE', key, ARGV[4])
end
redis.call('ZADD', KEYS[1], 'LT', ARGV[1], string.sub(key, -13))
