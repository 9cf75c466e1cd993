-- Forgets what is shown of a conversation when it was read.
--
-- KEYS  1 "n:{<user>}" (HASH of conversation to the seq of the newest push)
-- ARGV  1 the conversation, 2 the seq up to which it was read
-- Answers 1 where something was shown and all of it was read, else 0.

local shown = redis.call('HGET', KEYS[1], ARGV[1])
if shown and tonumber(shown) <= tonumber(ARGV[2]) then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
