-- Adds jobs that are not there yet.
--
-- KEYS  1 "{push}:jobs" (ZSET), 2 "{push}:claims" (HASH)
-- ARGV  1 most jobs kept; then for each job: in how many ms it is due, and its text
-- Answers how many jobs were dropped to make room: retries that are due last, since a vendor that is away must not cost the others' pushes; without
-- such, where nobody works on jobs, those that are due first, which are the oldest.

local RETRY_MS = 60000 -- nothing but a retry is due later than this

local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'NX', millis + ARGV[i], ARGV[i + 1])
end
local excess = redis.call('ZCARD', KEYS[1]) - ARGV[1]
if excess <= 0 then
  return 0
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local drop = tonumber(last[2]) > millis + RETRY_MS and 'ZPOPMAX' or 'ZPOPMIN'
local dropped = redis.call(drop, KEYS[1], excess)
for i = 1, #dropped, 2 do
  redis.call('HDEL', KEYS[2], dropped[i])
end
return excess
