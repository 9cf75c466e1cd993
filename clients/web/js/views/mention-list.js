/** Offers the members of a conversation while a name is typed after an @. The textarea keeps the focus. */
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {EVERYONE, mayMentionEveryone} from '../mentions.js';
import {api} from '../api.js';

const OFFERED_MOST = 8;
/** Up to this many members every name is fetched; among more of them names are searched by what is typed. */
const NAMED_MOST = 40;
const TYPED = /(?:^|[^\p{L}\p{N}._@-])@([\p{L}\p{N}._-]*)$/u;

export function mentionList(chat, id, area, {onChanged}) {
  const element = h('ul', {class: 'mention-list', id: 'mention-list', role: 'listbox', 'aria-label': 'People', hidden: true});
  let offered = [];
  let active = 0;
  let asked = 0;

  function typed() {
    const before = area.value.slice(0, area.selectionStart);
    return area.selectionStart === area.selectionEnd ? TYPED.exec(before)?.[1] : undefined;
  }

  async function refresh() {
    const mine = ++asked;
    const start = typed();
    if (start === undefined) return hide();
    try {
      const members = await chat.members.load(id);
      const ids = new Set(members.map((one) => one.user_id));
      if (ids.size > NAMED_MOST && start) {
        const {items} = await api.findUsers(start);
        for (const person of items) if (ids.has(person.id)) chat.people.learn(person);
      } else {
        await Promise.all([...ids].slice(0, NAMED_MOST).map((one) => chat.people.nameOnceKnown(one)));
      }
      if (mine === asked) show(candidates(ids, start.toLowerCase()));
    } catch {
      hide(); // A name can be typed in full without help.
    }
  }

  function candidates(ids, start) {
    const people = [...ids]
      .filter((one) => one !== chat.me.id)
      .map((one) => chat.people.known(one))
      .filter((one) => one?.username && isMeant(one, start))
      .slice(0, OFFERED_MOST);
    const everyone = {id: EVERYONE, username: EVERYONE, display_name: 'Everyone here'};
    return mayMentionEveryone(chat, id) && EVERYONE.startsWith(start) ? [...people, everyone] : people;
  }

  function show(people) {
    offered = people;
    active = 0;
    const isWhole = people.length === 1 && people[0].username === typed();
    if (people.length === 0 || isWhole) return hide(); // Enter is for sending again.
    element.hidden = false;
    fill(
      element,
      ...people.map((person, at) =>
        h(
          'li',
          {
            class: 'mention-option',
            id: `mention-${at}`,
            role: 'option',
            'aria-selected': String(at === active),
            // Before the textarea loses the focus.
            on: {pointerdown: (event) => (event.preventDefault(), pick(person))},
          },
          flag(person.id, person.id === EVERYONE ? 'group' : 'person'),
          h('span', {class: 'person-name', dir: 'auto'}, person.display_name || person.username),
          h('span', {class: 'person-handle', dir: 'ltr'}, `@${person.username}`),
        ),
      ),
    );
    point();
  }

  function point() {
    [...element.children].forEach((option, at) => option.setAttribute('aria-selected', String(at === active)));
    area.setAttribute('aria-activedescendant', `mention-${active}`);
  }

  function hide() {
    offered = [];
    element.hidden = true;
    area.removeAttribute('aria-activedescendant');
  }

  function pick(person) {
    const end = area.selectionStart;
    const start = end - typed().length - 1;
    area.setRangeText(`@${person.username} `, start, end, 'end');
    asked++;
    hide();
    onChanged();
    area.focus();
  }

  /** True when the key was for this list. */
  function key(event) {
    if (offered.length === 0) return false;
    if (event.key === 'Escape') hide();
    else if (event.key === 'Enter' || event.key === 'Tab') pick(offered[active]);
    else if (event.key === 'ArrowDown') active = (active + 1) % offered.length;
    else if (event.key === 'ArrowUp') active = (active + offered.length - 1) % offered.length;
    else return false;
    event.preventDefault();
    event.stopPropagation();
    if (offered.length > 0) point();
    return true;
  }

  area.setAttribute('aria-autocomplete', 'list');
  area.setAttribute('aria-controls', element.id);
  return {element, refresh, hide, key};
}

function isMeant(person, start) {
  const words = [person.username, ...(person.display_name ?? '').split(/\s+/u)];
  return words.some((word) => word.toLowerCase().startsWith(start));
}
