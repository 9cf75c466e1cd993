-- Keeps, begins and ends one node's leases of up to 100 people.
--
-- KEYS  1  ZSET of people to look at: member the user's id, score epoch ms
--       2.. HASH "p:<user>" of each person; in a cluster "p:{<bucket>}:<user>", beside "presence:{<bucket>}"
-- ARGV  1  the node
--       2  now, epoch ms
--       3  how long a lease is kept, ms
--       4  how long someone whose last stream ended still counts as there, ms
--       5  how long someone new is not told of, ms
--       6  how long a hash is kept, s
--       7.. for each person what is connected here: "f" foreground, "i" idle, "fi" both, "" nothing any more
-- Fields of the hash: f<node> and i<node> until when, a what was announced, s last seen; c, v and t see presence_choose.lua.

local due, node = KEYS[1], ARGV[1]
local now, lease, absence, delay = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

for i = 2, #KEYS do
  local key = KEYS[i]
  local user = string.sub(key, -13) -- as long as every id
  local connected = ARGV[i + 5]
  local touched = false
  for _, class in ipairs({'f', 'i'}) do
    local field = class .. node
    if string.find(connected, class, 1, true) then
      if redis.call('HSET', key, field, now + lease) == 1 then
        redis.call('ZADD', due, 'LT', now + delay, user)
      end
      touched = true
      if class == 'f' then
        redis.call('HSET', key, 's', now)
      end
    else
      local ends = redis.call('HGET', key, field)
      if ends then
        touched = true
        if class == 'f' and tonumber(ends) >= now + absence then
          redis.call('HSET', key, 's', now)
        end
        if redis.call('HEXISTS', key, 'a') == 1 then
          redis.call('HSET', key, field, math.min(tonumber(ends), now + absence))
          redis.call('ZADD', due, 'LT', now + absence, user)
        else
          redis.call('HDEL', key, field) -- nobody was told that they came, so nobody needs to be told that they went
        end
      end
    end
  end
  if touched then
    redis.call('HSETNX', key, 's', now)
    redis.call('EXPIRE', key, ARGV[6])
  end
  if connected ~= '' then
    redis.call('ZADD', due, 'NX', now + lease, user) -- so that a lease that nobody renews is noticed
  end
end
