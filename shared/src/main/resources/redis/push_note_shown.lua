-- Notes up to which message devices of a person may show a conversation. Never goes back.
--
-- KEYS  1 "n:{<user>}" (HASH of conversation to the seq of the newest push)
-- ARGV  1 the conversation, 2 the seq, 3 how long the hash is kept, s

local shown = redis.call('HGET', KEYS[1], ARGV[1])
if not shown or tonumber(shown) < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0
