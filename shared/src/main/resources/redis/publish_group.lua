-- Appends events to the stream of a large group and publishes each, once for all of its members.
--
-- KEYS  1  the stream "c:{<conversation>}" (STREAM, ids <ms>-<n>, one field "e"): by this server's clock, which never goes back in it, and counting 1, 2, 3
-- ARGV  1  empty, or, where the events may have been told before, the time of the oldest one in ms: those that the stream has are left out
--       2.. the events, one after the other, by four arguments:
--          the field's value: "<time ms> <type> <key>\n<json>"; without the JSON where the event is long;
--          the same with the JSON, for the publication; empty where it is the same;
--          the event's key; looked at only with a time;
--          when someone left last, in ms: who hears this and was a member until then is asked about first
-- Publishes "<departed> <ms>-<n> <value>" to "d:{<conversation>}". Streams keep about 2,000 entries, and 3 days after the last one, or an hour less.
-- Answers an empty list: nobody is to be woken.

local ENTRIES = '2000'
local SECONDS = 259200
local RENEWED_BELOW = SECONDS - 3600 -- as in publish.lua
local PAGE = 100            -- entries looked at in one step of a search
local SLACK_MS = 60000      -- as in publish.lua: entries may be appended this much later than their events were committed

local call = redis.call

-- The keys of the events that stream `key` has, as far back as the event of `time` may be.
local function search(key, time)
  local events, last = {}, '+'
  while true do
    local page = call('XREVRANGE', key, last, '-', 'COUNT', PAGE)
    local recent = false
    for i = 1, #page do
      local at, event = string.match(page[i][2][2], '^(%d+) %S+ (%S+)\n')
      events[event] = true
      if tonumber(at) >= time - SLACK_MS then
        recent = true
      end
    end
    if #page < PAGE or not recent then
      return events
    end
    last = '(' .. page[#page][1]
  end
end

local key = KEYS[1]
local known = ARGV[1] ~= '' and search(key, tonumber(ARGV[1])) or {}
local now = call('TIME')
local millis, n = now[1] .. string.format('%03d', math.floor(now[2] / 1000)), 0
local newest = call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
if newest then
  local before, count = string.match(newest[1], '^(%d+)-(%d+)$')
  n = tonumber(count)
  if tonumber(before) > tonumber(millis) then
    millis = before -- the clock was set back, or another server's is behind
  end
end
for i = 2, #ARGV, 4 do
  local value, whole, event, departed = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if not known[event] then
    known[event] = ARGV[1] ~= ''
    n = n + 1
    local id = call('XADD', key, 'MAXLEN', '~', ENTRIES, millis .. '-' .. string.format('%d', n), 'e', value)
    call('SPUBLISH', 'd' .. string.sub(key, 2), departed .. ' ' .. id .. ' ' .. (whole == '' and value or whole))
  end
end
if call('TTL', key) < RENEWED_BELOW then
  call('EXPIRE', key, SECONDS)
end
return {}
