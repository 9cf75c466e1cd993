/** The windows about one message: whether it shall really go, and what it said before. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
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
