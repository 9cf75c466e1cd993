-- Gives out jobs that are due. Each is the caller's until the lease ends; then it is due again.
--
-- A job that somebody claimed before and never settled is given out alone: if it kills who works on it, it does not take others of the same claim
-- with it, whose count would grow without a fault of theirs.
--
-- KEYS  1 "{push}:jobs" (ZSET), 2 "{push}:claims" (HASH), 3 "{push}:aside" (STREAM)
-- ARGV  1 most jobs, 2 the lease in ms, 3 how often a job may be claimed
-- Answers how many jobs were set aside, having been claimed more often and never settled, then the texts of the others, longest due first.

local ASIDE = '1000'
local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', millis, 'LIMIT', 0, ARGV[1])
local answer = {0}
for i = 1, #due do
  local claims = tonumber(redis.call('HGET', KEYS[2], due[i]) or '0')
  if claims >= tonumber(ARGV[3]) then
    redis.call('ZREM', KEYS[1], due[i])
    redis.call('HDEL', KEYS[2], due[i])
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ASIDE, '*', 'j', due[i])
    answer[1] = answer[1] + 1
  elseif claims == 0 or #answer == 1 then
    redis.call('HSET', KEYS[2], due[i], claims + 1)
    redis.call('ZADD', KEYS[1], millis + ARGV[2], due[i])
    answer[#answer + 1] = due[i]
  end
  if claims > 0 and #answer > 1 then
    break
  end
end
return answer
