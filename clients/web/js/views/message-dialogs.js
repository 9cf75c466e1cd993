/** The windows about one message: whether it shall really go, what it said before, who has seen it. */
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {nodesOf} from '../richtext.js';
import {exactTime} from '../time.js';
import {dialog} from './dialog.js';
import {alertPlace, showSentence, whileBusy} from './form.js';

/** Asks before `run`; shows what went wrong, and stays open then. */
export function confirmDialog({title, words, action, run}) {
  const box = dialog(title);
  const place = alertPlace();
  const button = h('button', {type: 'button', class: 'danger-button', on: {click: act}}, action);

  function act() {
    return whileBusy(button, async () => {
      try {
        await run();
        box.close();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  fill(
    box.body,
    h('p', {class: 'asked-about', dir: 'auto'}, words),
    place,
    h(
      'div',
      {class: 'actions'},
      h('button', {type: 'button', class: 'quiet', on: {click: () => box.close()}}, 'Cancel'),
      button,
    ),
  );
  box.show();
  button.focus();
}

export async function versionsDialog(message) {
  const box = dialog('Earlier versions');
  const list = h('ol', {class: 'versions'}, h('li', {class: 'muted'}, 'Fetching what it said before…'));
  const place = alertPlace();
  fill(box.body, place, list);
  box.show();
  try {
    const {items} = await api.versions(message.conversation_id, message.seq);
    fill(list, ...items.map((one, at) => version(one, at === items.length - 1)).reverse());
  } catch (failure) {
    fill(list);
    showSentence(place, sentence(failure));
  }
}

function version(one, isLast) {
  const since = new Date(one.since);
  return h(
    'li',
    {class: 'version'},
    h('p', {class: 'muted'}, isLast ? 'Now, since ' : 'From ', h('time', {datetime: one.since}, exactTime(since))),
    h('div', {class: 'version-text', dir: 'auto'}, ...nodesOf(one.text ?? '')),
  );
}

/** Who has read a message, and who has received it. Of very many people the first are named. */
export async function seenDialog(chat, message) {
  const box = dialog('Seen by');
  const list = h('div', {}, h('p', {class: 'muted'}, 'Asking who has seen it…'));
  const place = alertPlace();
  fill(box.body, place, list);
  box.show();
  try {
    const {counts, items} = await api.seenBy(message.conversation_id, message.seq);
    await Promise.all(items.map((one) => chat.people.nameOnceKnown(one.user_id)));
    const read = items.filter((one) => one.read_seq >= message.seq);
    fill(
      list,
      h('p', {}, `Seen by ${counts.read} of ${counts.recipients}, received by ${counts.delivered}.`),
      people(chat, 'Seen', read),
      people(
        chat,
        'Received',
        items.filter((one) => !read.includes(one)),
      ),
    );
  } catch (failure) {
    fill(list);
    showSentence(place, sentence(failure));
  }
}

function people(chat, title, items) {
  if (items.length === 0) return null;
  return h(
    'section',
    {class: 'member-section'},
    h('h3', {}, title),
    h(
      'ul',
      {class: 'members'},
      ...items.map((one) =>
        h(
          'li',
          {class: 'member'},
          flag(one.user_id),
          h('span', {class: 'member-name'}, bdi(chat.people.name(one.user_id))),
        ),
      ),
    ),
  );
}
