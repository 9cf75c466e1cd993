/** Public channels: finding and joining them, and making a new one. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {newId} from '../ids.js';
import {sentence} from '../problems.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';

const TYPING_PAUSE_MS = 200;

export function channelsDialog(chat, {onOpen}) {
  const box = dialog('Channels', {className: 'sheet', onClosed: () => clearTimeout(timer)});
  const place = alertPlace();
  const list = h('ul', {class: 'channels', 'aria-label': 'Public channels'});
  const more = h('button', {type: 'button', class: 'more', hidden: true, on: {click: () => find(true)}}, 'Show more');
  const query = field({
    name: 'query',
    label: 'Find a channel',
    type: 'search',
    autocomplete: 'off',
    required: false,
    dir: 'auto',
  });
  let timer = 0;
  let asked = 0;
  let after;
  query.input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(find, TYPING_PAUSE_MS);
  });

  async function find(goOn = false) {
    const mine = ++asked;
    try {
      const page = await api.publicChannels(query.input.value.trim(), goOn === true ? after : undefined);
      if (mine !== asked) return;
      after = page.after;
      more.hidden = after === undefined;
      const rows = page.items.map(row);
      if (goOn === true) list.append(...rows);
      else fill(list, ...(rows.length > 0 ? rows : [h('li', {class: 'muted'}, 'No public channel here yet.')]));
      if (goOn !== true) announce(page.items.length === 1 ? '1 channel' : `${page.items.length} channels`);
    } catch (failure) {
      if (mine === asked) showSentence(place, sentence(failure));
    }
  }

  function row(channel) {
    const isMine = Boolean(chat.conversations.get(channel.id));
    return h(
      'li',
      {class: 'channel'},
      flag(channel.id, 'group'),
      h(
        'div',
        {class: 'channel-words'},
        h('p', {class: 'channel-name'}, bdi(channel.name)),
        channel.topic ? h('p', {class: 'muted', dir: 'auto'}, channel.topic) : null,
        h('p', {class: 'muted'}, channel.member_count === 1 ? '1 member' : `${channel.member_count} members`),
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-label': `${isMine ? 'Open' : 'Join'} ${channel.name}`,
          on: {click: (event) => enter(event.currentTarget, channel)},
        },
        isMine ? 'Open' : 'Join',
      ),
    );
  }

  function enter(button, channel) {
    return whileBusy(button, async () => {
      try {
        if (!chat.conversations.get(channel.id)) chat.conversations.take(await api.join(channel.id));
        box.close();
        onOpen(channel.id);
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  fill(
    box.body,
    query.element,
    place,
    list,
    more,
    newChannelForm(chat, {
      onCreated(id) {
        box.close();
        onOpen(id);
      },
    }),
  );
  box.show();
  find();
}

function newChannelForm(chat, {onCreated}) {
  const name = field({name: 'name', label: 'Name of the channel', autocomplete: 'off', dir: 'auto', maxlength: 100});
  const topic = topicField();
  const isPublic = checkbox('Anyone may find and join it', true);
  const adminsOnly = checkbox('Only admins write');
  const place = alertPlace();
  const button = h('button', {type: 'submit', class: 'primary wide'}, 'Create channel');
  let attempt = {key: newId(), wanted: ''};

  async function submit(event) {
    event.preventDefault();
    const wanted = {
      type: 'channel',
      name: name.input.value.trim(),
      public: isPublic.input.checked,
      posting: adminsOnly.input.checked ? 'admins' : 'everyone',
      member_ids: [],
    };
    if (topic.input.value.trim()) wanted.topic = topic.input.value.trim();
    if (!wanted.name) {
      name.say('A channel needs a name.');
      return name.input.focus();
    }
    if (attempt.wanted !== JSON.stringify(wanted)) attempt = {key: newId(), wanted: JSON.stringify(wanted)};
    await whileBusy(button, async () => {
      try {
        const conversation = await api.createConversation(wanted, attempt.key);
        chat.conversations.take(conversation);
        onCreated(conversation.id);
      } catch (failure) {
        showFailure(failure, [name, topic], place);
      }
    });
  }

  return h(
    'form',
    {class: 'new-channel', novalidate: true, on: {submit}},
    h('h3', {}, 'A new channel'),
    name.element,
    topic.element,
    isPublic.element,
    adminsOnly.element,
    place,
    button,
  );
}

export function topicField() {
  return field({
    name: 'topic',
    label: 'Topic',
    autocomplete: 'off',
    dir: 'auto',
    maxlength: 250,
    required: false,
    hint: 'What it is about, in a sentence.',
  });
}

/** A labelled box to tick. */
export function checkbox(label, checked = false) {
  const input = h('input', {type: 'checkbox', checked});
  return {input, element: h('label', {class: 'choice'}, input, label)};
}
