/** What admins decide about a group or channel: its topic, who writes, what newcomers see, who finds it, how long messages are kept. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {h} from '../dom.js';
import {checkbox, topicField} from './channels.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';
import {retentionChoice} from './retention.js';

export function renameForm(chat, id, place) {
  const kind = kindOf(chat.conversations.get(id));
  const name = field({name: 'name', label: `Name of the ${kind}`, autocomplete: 'off', dir: 'auto', maxlength: 100});
  name.input.value = chat.conversations.get(id).name ?? '';
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Rename');
  const submit = async (event) => {
    event.preventDefault();
    const wanted = name.input.value.trim();
    if (!wanted) return name.say(`A ${kind} needs a name.`);
    await whileBusy(button, async () => {
      try {
        chat.conversations.take(await api.changeConversation(id, {name: wanted}));
        showSentence(place, '');
      } catch (failure) {
        showFailure(failure, [name], place);
      }
    });
  };
  return h('form', {class: 'rename', novalidate: true, on: {submit}}, name.element, button);
}

export const kindOf = (conversation) => (conversation?.type === 'channel' ? 'channel' : 'group');

export function settingsForm(chat, id) {
  const one = chat.conversations.get(id);
  const topic = topicField();
  topic.input.value = one.topic ?? '';
  const adminsOnly = checkbox('Only admins write', one.posting === 'admins');
  const wholeHistory = checkbox('Newcomers see what was said before', one.history === 'all');
  const isOwner = one.me?.role === 'owner';
  const isPublic = one.type === 'channel' && isOwner;
  const found = checkbox('Anyone may find and join it', one.public === true);
  const kept = retentionChoice(one);
  const place = alertPlace();
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Save settings');

  async function submit(event) {
    event.preventDefault();
    const wanted = {
      topic: topic.input.value.trim(),
      posting: adminsOnly.input.checked ? 'admins' : 'everyone',
      history: wholeHistory.input.checked ? 'all' : 'from_joining',
    };
    if (isPublic) wanted.public = found.input.checked;
    if (isOwner) wanted.retention_seconds = kept.value();
    await whileBusy(button, async () => {
      try {
        chat.conversations.take(await api.changeConversation(id, wanted));
        showSentence(place, '');
        announce('Settings saved.');
      } catch (failure) {
        showFailure(failure, [topic], place);
      }
    });
  }

  return h(
    'details',
    {class: 'settings'},
    h('summary', {}, 'Settings'),
    h(
      'form',
      {novalidate: true, on: {submit}},
      topic.element,
      adminsOnly.element,
      wholeHistory.element,
      isPublic ? found.element : null,
      isOwner ? kept.element : null,
      place,
      button,
    ),
  );
}
