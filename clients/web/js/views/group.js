/** Makes a group: a name, and the people in it. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {newId} from '../ids.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';
import {peopleSearch} from './search.js';

export function newGroupDialog(chat, {onCreated}) {
  const box = dialog('New group');
  const chosen = chosenPeople();
  const name = field({name: 'name', label: 'Name of the group', autocomplete: 'off', dir: 'auto', maxlength: 100});
  const search = peopleSearch(chat, {
    label: 'Add people',
    placeholder: 'Add people by name',
    leftOut: (id) => chosen.has(id),
    onPick: (person) => {
      chat.people.learn(person);
      chosen.add(person);
      search.clear();
      search.focus();
    },
  });
  const place = alertPlace();
  const button = h('button', {type: 'submit', class: 'primary'}, 'Create group');
  let attempt = {key: newId(), wanted: ''};

  async function submit(event) {
    event.preventDefault();
    const wanted = {type: 'group', name: name.input.value.trim(), member_ids: chosen.ids()};
    if (!wanted.name) {
      name.say('A group needs a name.');
      return name.input.focus();
    }
    // The same wish repeated keeps its key, so that a lost answer does not make a second group.
    if (attempt.wanted !== JSON.stringify(wanted)) attempt = {key: newId(), wanted: JSON.stringify(wanted)};
    await whileBusy(button, async () => {
      showSentence(place, '');
      try {
        const conversation = await api.createConversation(wanted, attempt.key);
        chat.conversations.take(conversation);
        box.close();
        onCreated(conversation.id);
      } catch (failure) {
        showFailure(failure, [name], place);
      }
    });
  }

  fill(
    box.body,
    h(
      'form',
      {novalidate: true, on: {submit}},
      name.element,
      h('p', {class: 'field-label', 'aria-hidden': 'true'}, 'People'),
      chosen.element,
      search.element,
      place,
      h('div', {class: 'actions'}, button),
    ),
  );
  box.show();
  name.input.focus();
}

/** The people picked so far, each with a button that takes them out again. */
export function chosenPeople() {
  const people = new Map();
  const element = h('ul', {class: 'chips', 'aria-label': 'People picked', hidden: true});

  function render() {
    element.hidden = people.size === 0;
    fill(
      element,
      ...[...people.values()].map((person) =>
        h(
          'li',
          {class: 'chip'},
          flag(person.id),
          h('bdi', {}, person.display_name || person.username),
          h(
            'button',
            {
              type: 'button',
              class: 'chip-remove',
              'aria-label': `Take out ${person.display_name || person.username}`,
              on: {click: () => (people.delete(person.id), render())},
            },
            '✕',
          ),
        ),
      ),
    );
  }

  return {
    element,
    has: (id) => people.has(id),
    ids: () => [...people.keys()],
    add(person) {
      people.set(person.id, person);
      render();
    },
    clear() {
      people.clear();
      render();
    },
  };
}
