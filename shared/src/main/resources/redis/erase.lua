-- Takes out of one stream what a person said and how they reacted. Makes the stream anew, since Redis keeps the bytes of a deleted entry as long as
-- its neighbours; what stays keeps its id. Whoever reads on finds a hole, which the event of each erased message fills; a cursor on an entry that
-- is gone is told from history. In the stream of a large group, where a hole would cut off everyone who reads, an entry keeps its place without its
-- JSON: a reference, which history resolves to what is left of the message.
--
-- KEYS  1  the stream "s:{<user>}", see publish.lua, or "c:{<conversation>}", see publish_group.lua
-- ARGV  1  the person's id
--       2  epoch ms of the erasure: what tells of it stays
-- Answers how many entries went, or lost their JSON.

local person, since = ARGV[1], tonumber(ARGV[2])
local sent = '"sender_id":"' .. person .. '"'
local acted = '"user_id":"' .. person .. '"'

-- Whether the entry tells the person's words or reaction. A message in whose own JSON the mark stands by chance is read properly.
local function tells(value)
  local at, type, json = string.match(value, '^(%d+) (%S+) %S+\n(.*)$')
  if not json or json == '' then
    return false
  end
  if type == 'reaction.added' then
    return string.find(json, acted, 1, true) ~= nil
  end
  if string.sub(type, 1, 8) ~= 'message.' or not string.find(json, sent, 1, true) then
    return false
  end
  local read, event = pcall(cjson.decode, json)
  if not read then
    return true
  end
  local quoted = event.quoted
  if quoted and quoted.sender_id == person and not quoted.deleted_at then
    return true
  end
  local message = event.data
  return message.sender_id == person and message.type ~= 'system' and (tonumber(at) < since or not message.deleted_at)
end

local entries = redis.call('XRANGE', KEYS[1], '-', '+')
local counted = string.sub(KEYS[1], 1, 2) == 'c:'
local kept = {}
local gone = 0
for i = 1, #entries do
  local field, value = entries[i][2][1], entries[i][2][2]
  if not tells(value) then
    kept[#kept + 1] = entries[i]
  else
    gone = gone + 1
    if counted then
      kept[#kept + 1] = {entries[i][1], {field, string.match(value, '^[^\n]*\n')}}
    end
  end
end
if gone > 0 then
  local left = redis.call('PTTL', KEYS[1])
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  local last
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      last = info[i + 1]
    end
  end
  redis.call('DEL', KEYS[1])
  for i = 1, #kept do
    redis.call('XADD', KEYS[1], kept[i][1], kept[i][2][1], kept[i][2][2])
  end
  if #kept > 0 then
    redis.call('XSETID', KEYS[1], last) -- numbers go on where they were
    if left > 0 then
      redis.call('PEXPIRE', KEYS[1], left)
    end
  end
end
return gone
