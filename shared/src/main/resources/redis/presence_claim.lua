-- Takes people who are to be looked at; another node gets them only if they are not settled in time.
--
-- KEYS  1  ZSET of people to look at: "presence", in a cluster "presence:{<bucket>}"
-- ARGV  1  now, epoch ms
--       2  until when they are taken, epoch ms
--       3  most people
-- Answers, for each: the user's id, and the fields and values of their HASH, see presence_keep.lua.

local hash = 'p' .. string.sub(KEYS[1], 9) .. ':'
local answers = {}
for i, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  redis.call('ZADD', KEYS[1], ARGV[2], user)
  answers[i] = {user, redis.call('HGETALL', hash .. user)}
end
return answers
