-- Settles jobs of which nothing is left.
--
-- KEYS  1  "{push}:jobs" (ZSET), 2 "{push}:claims" (HASH)
-- ARGV  the jobs' texts, some hundreds at most
-- Answers nothing.

redis.call('ZREM', KEYS[1], unpack(ARGV))
redis.call('HDEL', KEYS[2], unpack(ARGV))
