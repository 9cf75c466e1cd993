-- Appends one event to the stream of a large group and publishes it, once for all of its members.
--
-- KEYS  1  the stream "c:{<conversation>}" (STREAM, ids <ms>-<n>, one field "e"): by this server's clock, which never goes back in it, and counting 1, 2, 3
-- ARGV  1  the field's value: "<time ms> <type> <key>\n<json>"; without the JSON where the event is long
--       2  the same with the JSON, for the publication; empty where it is the same
--       3  empty, or the event's key: a stream that has it is left alone
--       4  the event's time in ms; looked at only with a key
--       5  when someone left last, in ms: who hears this and was a member until then is asked about first
-- Publishes "<departed> <ms>-<n> <value>" to "d:{<conversation>}". Streams keep about 2,000 entries, and 3 days after the last one, or an hour less.
-- Answers a list with one 0, as publish.lua does for whom nobody is to be woken.

local ENTRIES = '2000'
local SECONDS = 259200
local RENEWED_BELOW = SECONDS - 3600 -- as in publish.lua
local PAGE = 100            -- entries looked at in one step of a search
local SLACK_MS = 60000      -- as in publish.lua: entries may be appended this much later than their events were committed

local function known(key, wanted, time)
  local last = '+'
  while true do
    local page = redis.call('XREVRANGE', key, last, '-', 'COUNT', PAGE)
    local recent = false
    for i = 1, #page do
      local at, found = string.match(page[i][2][2], '^(%d+) %S+ (%S+)\n')
      if found == wanted then
        return true
      end
      if tonumber(at) >= time - SLACK_MS then
        recent = true
      end
    end
    if #page < PAGE or not recent then
      return false
    end
    last = '(' .. page[#page][1]
  end
end

local key, value, whole = KEYS[1], ARGV[1], ARGV[2]
if whole == '' then
  whole = value
end
if ARGV[3] ~= '' and known(key, ARGV[3], tonumber(ARGV[4])) then
  return {0}
end
local now = redis.call('TIME')
local millis = now[1] .. string.format('%03d', math.floor(now[2] / 1000))
local n = 1
local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
if newest then
  local before, count = string.match(newest[1], '^(%d+)-(%d+)$')
  n = count + 1
  if tonumber(before) > tonumber(millis) then
    millis = before -- the clock was set back, or another server's is behind
  end
end
local id = redis.call('XADD', key, 'MAXLEN', '~', ENTRIES, millis .. '-' .. string.format('%d', n), 'e', value)
if redis.call('TTL', key) < RENEWED_BELOW then
  redis.call('EXPIRE', key, SECONDS)
end
redis.call('SPUBLISH', 'd' .. string.sub(key, 2), ARGV[5] .. ' ' .. id .. ' ' .. whole)
return {0}
