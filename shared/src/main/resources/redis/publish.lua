-- Appends one event to the streams of its recipients and publishes it to those connected, each stream atomically with its publication.
--
-- KEYS  1 to 100 streams "s:{<user>}" (STREAM, ids <epoch ms>-<n>, one field "e"); in a cluster 1.
-- ARGV  1  the field's value: "<time ms> <type> <key>\n<json>"; without the JSON where the event is long
--       2  the same with the JSON, for the publication; empty where it is the same
--       3  empty, or the event's key: streams that have it are left alone
--       4  the event's time in ms; looked at only with a key
-- Publishes "<epoch>-<n> <value>" to "l:{<user>}". Streams keep about 200 entries, and 3 days after the last one.
--
-- Answers, for each key: 0 where subscribers took it and nobody is to be woken; else the entry's id, after "=" where the stream had the event
-- before, and after that "+" where subscribers took it, but the person has a device in the background ("b:{<user>}" is there).

local ENTRIES = '200'
local SECONDS = '259200'
local PAGE = 32             -- entries looked at in one step of a search
local SLACK_MS = 60000      -- entries may be appended this much later than their events were committed: no search goes on behind that

-- The id of the entry of stream `key` that has event `wanted`, or nil.
local function find(key, wanted, time)
  local last = '+'
  while true do
    local page = redis.call('XREVRANGE', key, last, '-', 'COUNT', PAGE)
    local recent = false
    for i = 1, #page do
      local at, known = string.match(page[i][2][2], '^(%d+) %S+ (%S+)\n')
      if known == wanted then
        return page[i][1]
      end
      if tonumber(at) >= time - SLACK_MS then
        recent = true
      end
    end
    if #page < PAGE or not recent then
      return nil
    end
    last = '(' .. page[#page][1]
  end
end

local value, whole, wanted = ARGV[1], ARGV[2], ARGV[3]
if whole == '' then
  whole = value
end
local answers = {}
for i = 1, #KEYS do
  local key = KEYS[i]
  local channel = 'l' .. string.sub(key, 2)
  local known = wanted ~= '' and find(key, wanted, tonumber(ARGV[4]))
  local id, took
  if known then
    id = '=' .. known
    took = redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2]
  else
    local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
    if newest then
      id = string.match(newest[1], '^%d+') .. '-*'
    else
      local now = redis.call('TIME')
      id = now[1] .. string.format('%03d', math.floor(now[2] / 1000)) .. '-1' -- by itself Redis would begin with 0
    end
    id = redis.call('XADD', key, 'MAXLEN', '~', ENTRIES, id, 'e', value)
    redis.call('EXPIRE', key, SECONDS)
    took = redis.call('SPUBLISH', channel, id .. ' ' .. whole)
  end
  if took == 0 then
    answers[i] = id
  elseif redis.pcall('EXISTS', 'b' .. string.sub(key, 2)) ~= 0 then -- an error, too: in a cluster, while the slot moves, nobody can tell
    answers[i] = (known and '=+' or '+') .. (known or id)
  else
    answers[i] = 0
  end
end
return answers
