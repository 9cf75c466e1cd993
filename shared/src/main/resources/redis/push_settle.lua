-- Replaces a job by what is left of it. One that is gone meanwhile (settled by another, or its person was erased) leaves nothing.
--
-- KEYS  1 "{push}:jobs" (ZSET), 2 "{push}:claims" (HASH)
-- ARGV  1 the job's text; then for each job that is left: in how many ms it is due, and its text
-- Answers whether the job was there.

local there = redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
if there == 1 then
  local now = redis.call('TIME')
  local millis = now[1] * 1000 + math.floor(now[2] / 1000)
  for i = 2, #ARGV, 2 do
    redis.call('ZADD', KEYS[1], 'NX', millis + ARGV[i], ARGV[i + 1])
  end
end
return there
