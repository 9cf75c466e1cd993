-- Keeps, begins and ends one node's leases of up to 100 people.
--
-- KEYS  1  ZSET of people to look at: member the user's id, score epoch ms
--       2.. HASH "p:<user>" of each person; in a cluster "p:{<bucket>}:<user>", beside "presence:{<bucket>}"
-- ARGV  1  the node
--       2  now, epoch ms
--       3  how long a lease is kept, ms
--       4  how long someone whose last stream ended still counts as there, ms
--       5  how long someone new is not told of, ms
--       6.. for each person what is connected here: "f" foreground, "i" idle, "fi" both, "" nothing any more
-- Fields of the hash: f<node> and i<node> until when, a what was announced, s last seen; c, v and t see presence_choose.lua. It expires once nobody is there
-- any more, see presence_settle.lua: whoever had a lease is looked at.

local due, node = KEYS[1], ARGV[1]
local now, lease, absence, delay = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local call = redis.call

-- A lease of this class begins or goes on. All that is written of it is one command, since everybody's are renewed twice a minute.
local function keep(key, field, class, user)
  local added
  if class == 'f' then
    added = call('HSET', key, field, now + lease, 's', now)
  else
    added = call('HSET', key, field, now + lease)
    call('HSETNX', key, 's', now)
  end
  if added > 0 then -- where there is a lease there is an "s", so the lease is new
    call('ZADD', due, 'LT', now + delay, user)
    call('PERSIST', key)
  end
end

-- One that there is ends.
local function finish(key, field, class, user)
  local ends = tonumber(call('HGET', key, field))
  if not ends then
    return
  end
  if class == 'f' and ends >= now + absence then
    call('HSET', key, 's', now)
  end
  if call('HEXISTS', key, 'a') == 1 then
    call('HSET', key, field, math.min(ends, now + absence))
    call('ZADD', due, 'LT', now + absence, user)
  else
    call('HDEL', key, field) -- nobody was told that they came, so nobody needs to be told that they went
  end
  call('HSETNX', key, 's', now)
end

for i = 2, #KEYS do
  local key = KEYS[i]
  local user = string.sub(key, -13) -- as long as every id
  local connected = ARGV[i + 4]
  for _, class in ipairs({'f', 'i'}) do
    if string.find(connected, class, 1, true) then
      keep(key, class .. node, class, user)
    else
      finish(key, class .. node, class, user)
    end
  end
  if connected ~= '' then
    call('ZADD', due, 'NX', now + lease, user) -- so that a lease that nobody renews is noticed
  end
end
