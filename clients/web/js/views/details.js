/** Who is in a conversation and what may be done about it: rename, add, remove, leave. */
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {newId} from '../ids.js';
import {sentence} from '../problems.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';
import {chosenPeople} from './group.js';
import {presenceDot} from './presence-dot.js';
import {peopleSearch} from './search.js';

const ROLES = {owner: 'Owner', admin: 'Admin', member: ''};
const RANK = {owner: 0, admin: 1, member: 2};

export function detailsDialog(chat, id, {onLeft, onOpen}) {
  const conversation = chat.conversations.get(id);
  if (!conversation) return;
  const isGroup = conversation.type !== 'direct';
  const ends = [];
  const box = dialog(isGroup ? 'About this group' : 'About this person', {
    className: 'sheet',
    onClosed: () => ends.forEach((end) => end()),
  });
  const place = alertPlace();
  if (!isGroup) {
    fill(box.body, personCard(chat, chat.otherOf(conversation)));
    box.show();
    return;
  }
  const mayManage = () => ['owner', 'admin'].includes(chat.conversations.get(id)?.me?.role);
  const members = memberList(chat, id, {
    place,
    mayManage,
    onTalk: (person) => talkTo(chat, person, {place, box, onOpen}),
  });
  fill(
    box.body,
    mayManage() ? renameForm(chat, id, place) : h('p', {class: 'group-name', dir: 'auto'}, conversation.name),
    place,
    members.element,
    mayManage() ? addForm(chat, id, members, place) : null,
    leaveButton(chat, id, {box, place, onLeft}),
  );
  ends.push(
    chat.on('membership', (event) => event.conversation_id === id && members.load()),
    chat.on('people', members.render),
    chat.on('presence', members.render),
  );
  ends.push(chat.on('gone', (gone) => gone === id && box.close()));
  box.show();
  members.load();
}

function personCard(chat, id) {
  const person = chat.people.get(id);
  return h(
    'div',
    {class: 'person-card'},
    flag(id),
    h('p', {class: 'group-name', dir: 'auto'}, chat.people.name(id)),
    person?.username ? h('p', {class: 'muted', dir: 'ltr'}, `@${person.username}`) : null,
    h('p', {class: 'muted'}, chat.presence.words(id)),
  );
}

async function talkTo(chat, userId, {place, box, onOpen}) {
  try {
    const conversation = await api.createConversation({type: 'direct', user_id: userId}, newId());
    chat.conversations.take(conversation);
    box.close();
    onOpen(conversation.id);
  } catch (failure) {
    showSentence(place, sentence(failure));
  }
}

function renameForm(chat, id, place) {
  const name = field({name: 'name', label: 'Name of the group', autocomplete: 'off', dir: 'auto', maxlength: 100});
  name.input.value = chat.conversations.get(id).name ?? '';
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Rename');
  const submit = async (event) => {
    event.preventDefault();
    const wanted = name.input.value.trim();
    if (!wanted) return name.say('A group needs a name.');
    await whileBusy(button, async () => {
      try {
        chat.conversations.take(await api.renameConversation(id, wanted));
        showSentence(place, '');
      } catch (failure) {
        showFailure(failure, [name], place);
      }
    });
  };
  return h('form', {class: 'rename', novalidate: true, on: {submit}}, name.element, button);
}

function memberList(chat, id, {place, mayManage, onTalk}) {
  const title = h('h3', {}, 'Members');
  const list = h('ul', {class: 'members'}, h('li', {class: 'muted'}, 'Fetching the members…'));
  let items = [];

  async function load() {
    try {
      const found = [];
      let after;
      do {
        const page = await api.members(id, after);
        found.push(...page.items);
        after = page.after;
      } while (after !== undefined);
      items = found.sort((a, b) => (RANK[a.role] ?? 3) - (RANK[b.role] ?? 3));
      render();
    } catch (failure) {
      if (failure.status !== 404) showSentence(place, sentence(failure));
    }
  }

  function render() {
    if (items.length === 0) return;
    title.textContent = items.length === 1 ? '1 member' : `${items.length} members`;
    // As many as one call takes; the longest members stand first.
    chat.presence.watch(items.slice(0, 100).map((one) => one.user_id));
    fill(list, ...items.map(row));
  }

  function row(member) {
    const name = chat.people.name(member.user_id);
    const isMe = member.user_id === chat.me.id;
    const role = ROLES[member.role] ?? member.role;
    return h(
      'li',
      {class: 'member'},
      flag(member.user_id),
      h('span', {class: 'member-name'}, bdi(name), isMe ? ' (you)' : '', presenceDot(chat.presence.of(member.user_id)?.status)),
      role ? h('span', {class: 'role'}, role) : null,
      isMe
        ? null
        : h(
            'button',
            {type: 'button', class: 'link', 'aria-label': `Message ${name}`, on: {click: () => onTalk(member.user_id)}},
            'Message',
          ),
      !isMe && mayManage() && member.role !== 'owner'
        ? h(
            'button',
            {
              type: 'button',
              class: 'link danger',
              'aria-label': `Remove ${name}`,
              on: {click: (event) => remove(event.currentTarget, member)},
            },
            'Remove',
          )
        : null,
    );
  }

  async function remove(button, member) {
    if (!confirmed(button, 'Really?')) return;
    try {
      await api.removeMember(id, member.user_id);
      items = items.filter((one) => one !== member);
      render();
      title.focus();
      chat.conversations.refresh(id);
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  title.tabIndex = -1;
  return {
    element: h('section', {class: 'member-section'}, title, list),
    load,
    render,
    has: (userId) => items.some((one) => one.user_id === userId),
  };
}

function addForm(chat, id, members, place) {
  const chosen = chosenPeople();
  const search = peopleSearch(chat, {
    label: 'Add people',
    placeholder: 'Add people by name',
    leftOut: (userId) => chosen.has(userId) || members.has(userId),
    onPick: (person) => {
      chat.people.learn(person);
      chosen.add(person);
      button.hidden = false;
      search.clear();
      search.focus();
    },
  });
  const button = h('button', {type: 'submit', class: 'primary', hidden: true}, 'Add to the group');
  const submit = async (event) => {
    event.preventDefault();
    if (chosen.ids().length === 0) return;
    await whileBusy(button, async () => {
      try {
        await api.addMembers(id, chosen.ids());
        chosen.clear();
        button.hidden = true;
        showSentence(place, '');
        await members.load();
        search.focus();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  };
  return h(
    'form',
    {class: 'add-people', novalidate: true, on: {submit}},
    h('h3', {}, 'Add people'),
    chosen.element,
    search.element,
    button,
  );
}

function leaveButton(chat, id, {box, place, onLeft}) {
  const leave = async (event) => {
    const button = event.currentTarget;
    if (!confirmed(button, 'Press again to leave')) return;
    await whileBusy(button, async () => {
      try {
        await api.removeMember(id, 'me');
        box.close();
        chat.history.forget(id);
        chat.conversations.drop(id);
        onLeft();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  };
  return h(
    'div',
    {class: 'actions'},
    h('button', {type: 'button', class: 'danger-button', on: {click: leave}}, 'Leave the group'),
  );
}

/** The first press asks, the second means it. */
export function confirmed(button, question) {
  if (button.dataset.asked) return true;
  button.dataset.asked = 'yes';
  button.textContent = question;
  button.removeAttribute('aria-label');
  return false;
}
