/** Finds messages by their words, here or everywhere, and goes to them. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {sentence} from '../problems.js';
import {exactTime, shortTime} from '../time.js';
import {checkbox} from './channels.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showSentence} from './form.js';

const TYPING_PAUSE_MS = 250;
const NOTHING = {no_words: '', too_many_words: 'Use at most ten words.', too_long: 'Use at most 200 characters.'};

/** `id` is the conversation that is open, if one is. */
export function findMessagesDialog(chat, id, {onOpen}) {
  const box = dialog('Search messages', {className: 'sheet', onClosed: () => clearTimeout(timer)});
  const place = alertPlace();
  const words = field({
    name: 'q',
    label: 'Words to look for',
    type: 'search',
    autocomplete: 'off',
    required: false,
    dir: 'auto',
    hint: 'All of them must be in the message; "in quotation marks" they must follow each other.',
  });
  const here = id ? checkbox('Only in this conversation', true) : null;
  const best = checkbox('Best match first');
  const list = h('ol', {class: 'hits', 'aria-label': 'Messages found'});
  const more = h('button', {type: 'button', class: 'more', hidden: true, on: {click: () => find(true)}}, 'Show more');
  let timer = 0;
  let asked = 0;
  let after;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(find, TYPING_PAUSE_MS);
  }

  async function find(goOn = false) {
    const mine = ++asked;
    const q = words.input.value.trim();
    if (!q) return show([], '', false);
    try {
      const page = await api.searchMessages({
        q,
        conversation_id: here?.input.checked ? id : undefined,
        order: best.input.checked ? 'rank' : undefined,
        after: goOn === true ? after : undefined,
      });
      if (mine !== asked) return;
      showSentence(place, '');
      after = page.after;
      // A name arrives once, so that the list is not drawn again while someone walks through it.
      await Promise.all(page.items.map(({message}) => chat.people.nameOnceKnown(message.sender_id)));
      if (mine === asked) show(page.items, 'Nothing found.', goOn === true);
    } catch (failure) {
      if (mine !== asked) return;
      const known = NOTHING[failure.errors?.[0]?.code];
      show([], '', false);
      showSentence(place, known ?? sentence(failure));
    }
  }

  function show(items, nothing, goOn) {
    more.hidden = after === undefined || (items.length === 0 && !goOn);
    const rows = items.map(row);
    if (goOn) list.append(...rows);
    else fill(list, ...(rows.length > 0 ? rows : [nothing ? h('li', {class: 'muted'}, nothing) : null]));
    if (rows.length > 0) announce(rows.length === 1 ? '1 message found' : `${rows.length} messages found`);
    else if (nothing) announce(nothing);
  }

  function row({message, snippet}) {
    const at = new Date(message.created_at);
    const conversation = chat.conversations.get(message.conversation_id);
    const who = message.sender_id === chat.me.id ? 'You' : chat.people.name(message.sender_id);
    return h(
      'li',
      {},
      h(
        'button',
        {type: 'button', class: 'hit', on: {click: () => open(message)}},
        h(
          'span',
          {class: 'hit-head'},
          h('strong', {}, bdi(who)),
          conversation && conversation.id !== id ? [' in ', bdi(chat.title(conversation))] : '',
          ' ',
          h('time', {class: 'muted', datetime: message.created_at, title: exactTime(at)}, shortTime(at)),
        ),
        h(
          'span',
          {class: 'hit-words', dir: 'auto'},
          ...snippet.map((part) => (part.match ? h('mark', {}, part.text) : document.createTextNode(part.text))),
        ),
      ),
    );
  }

  function open(message) {
    box.close();
    onOpen(message.conversation_id, message.seq);
  }

  words.input.addEventListener('input', soon);
  for (const one of [here, best]) one?.input.addEventListener('change', () => find());
  fill(box.body, words.element, here?.element ?? null, best.element, place, list, more);
  box.show();
  words.input.focus();
}
