-- Publishes to those connected now, and keeps nothing.
--
-- KEYS  1 to 100 shard channels "l:{<user>}"; in a cluster 1.
-- ARGV  1  what to publish
-- Answers how many subscribers took it, of all channels together.

local took = 0
for i = 1, #KEYS do
  took = took + redis.call('SPUBLISH', KEYS[i], ARGV[1])
end
return took
