-- Appends events to the streams of their recipients and publishes them to those connected, each stream atomically with its publication.
--
-- KEYS  streams "s:{<user>}" (STREAM, ids <epoch>-<n>, one field "e"), one part after the other; one may be in several parts. In a cluster 1 stream.
-- ARGV  1  empty, or, where the events may have been told before, the time of the oldest one in ms: streams that have an event are left alone
--       2.. the parts, one after the other, each an event and whom it is told, by four arguments:
--          how many keys; the field's value: "<time ms> <type> <key>\n<json>", without the JSON where the event is long;
--          the same with the JSON, for the publication; empty where it is the same;
--          the event's key; looked at only with a time
-- Publishes "<epoch>-<n> <value>" to "l:{<user>}". Streams keep about 200 entries, and 3 days after the last one, or an hour less.
--
-- n counts 1, 2, 3. The epoch is the ms in which the stream was made, with a 1 before it: some three hundred years ahead. Where the last id is ahead of the
-- clock Redis by itself gives the next one, so that nobody has to look for the last entry.
--
-- Answers, for each key in its place: 0 where subscribers took it and nobody is to be woken; else the entry's id, after "=" where the stream had the event
-- before, and after that "+" where subscribers took it, but the person has a device in the background ("b:{<user>}" is there).

local ENTRIES = '200'
local SECONDS = 259200
local RENEWED_BELOW = SECONDS - 3600 -- to look is cheaper than to write, which goes into the append-only file and to replicas as well
local PAGE = 32             -- entries looked at in one step of a search
local SLACK_MS = 60000      -- entries may be appended this much later than their events were committed: no search goes on behind that
local ZERO = string.byte('0')
local DASH = string.byte('-')

local call, byte, sub = redis.call, string.byte, string.sub

local function epoch()
  local now = call('TIME')
  return '1' .. now[1] .. string.format('%03d', math.floor(now[2] / 1000))
end

-- The ids of the entries of stream `key` by the keys of their events, as far back as the event of `time` may be.
local function search(key, time)
  local ids, last = {}, '+'
  while true do
    local page = call('XREVRANGE', key, last, '-', 'COUNT', PAGE)
    local recent = false
    for i = 1, #page do
      local at, event = string.match(page[i][2][2], '^(%d+) %S+ (%S+)\n')
      ids[event] = ids[event] or page[i][1]
      if tonumber(at) >= time - SLACK_MS then
        recent = true
      end
    end
    if #page < PAGE or not recent then
      return ids
    end
    last = '(' .. page[#page][1]
  end
end

-- A stream of the version before has an epoch that is past, and so Redis began to count anew: its numbers go on in an epoch of today.
local function renumber(key, wrong, value)
  call('XDEL', key, wrong)
  local newest = call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local n = newest and string.match(newest[1], '%d+$') or 0
  return call('XADD', key, epoch() .. '-' .. string.format('%d', n + 1), 'e', value)
end

local function append(key, value)
  local id = call('XADD', key, 'NOMKSTREAM', 'MAXLEN', '~', ENTRIES, '*', 'e', value)
  if not id then
    id = call('XADD', key, epoch() .. '-1', 'e', value)
  elseif byte(id, -1) == ZERO and byte(id, -2) == DASH then
    id = renumber(key, id, value)
  end
  if call('TTL', key) < RENEWED_BELOW then
    call('EXPIRE', key, SECONDS)
  end
  return id
end

local oldest = tonumber(ARGV[1])
local searched = {} -- streams; each once for all events
local ids, marks, taken, hints = {}, {}, {}, {}
local last = 0
for part = 2, #ARGV, 4 do
  local first = last + 1
  last = last + ARGV[part]
  local value, whole, event = ARGV[part + 1], ARGV[part + 2], ARGV[part + 3]
  whole = ' ' .. (whole == '' and value or whole)
  for i = first, last do
    local key = KEYS[i]
    local user = sub(key, 2)
    local known
    if oldest then
      searched[key] = searched[key] or search(key, oldest)
      known = searched[key]
    end
    if known and known[event] then
      ids[i], marks[i] = known[event], '='
      taken[i] = call('PUBSUB', 'SHARDNUMSUB', 'l' .. user)[2]
    else
      ids[i], marks[i] = append(key, value), ''
      taken[i] = call('SPUBLISH', 'l' .. user, ids[i] .. whole)
      if known then
        known[event] = ids[i]
      end
    end
    hints[i] = 'b' .. user
  end
end

hints = redis.pcall('MGET', unpack(hints)) -- an error: in a cluster, while the slot moves, nobody can tell
local answers = {}
for i = 1, #KEYS do
  local hint = hints.err and '' or hints[i]
  if taken[i] == 0 then
    answers[i] = marks[i] .. ids[i]
  elseif hint then
    answers[i] = marks[i] .. '+' .. ids[i]
  else
    answers[i] = 0
  end
end
return answers
