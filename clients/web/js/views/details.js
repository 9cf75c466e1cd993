/** Who is in a conversation and what may be done about it: name and settings, members, links, quiet, leaving. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {newId} from '../ids.js';
import {sentence} from '../problems.js';
import {LEVELS} from '../safety.js';
import {confirmed} from './confirmed.js';
import {dialog} from './dialog.js';
import {alertPlace, showSentence, whileBusy} from './form.js';
import {chosenPeople} from './group.js';
import {inviteSection} from './invites.js';
import {bansSection, memberList} from './members.js';
import {confirmDialog} from './message-dialogs.js';
import {reportsSection} from './report.js';
import {peopleSearch} from './search.js';
import {kindOf, renameForm, settingsForm} from './settings.js';

export function detailsDialog(chat, id, {onLeft, onOpen}) {
  const conversation = chat.conversations.get(id);
  if (!conversation) return;
  const isGroup = conversation.type !== 'direct';
  const ends = [];
  const box = dialog(isGroup ? `About this ${kindOf(conversation)}` : 'About this person', {
    className: 'sheet',
    onClosed: () => ends.forEach((end) => end()),
  });
  const place = alertPlace();
  ends.push(chat.on('gone', (gone) => gone === id && box.close()));
  if (!isGroup) {
    const other = chat.otherOf(conversation);
    fill(box.body, personCard(chat, other), place, quietForm(chat, id, place), blockButton(chat, other, place));
    box.show();
    return;
  }
  const mayManage = () => ['owner', 'admin'].includes(chat.conversations.get(id)?.me?.role);
  const members = memberList(chat, id, {
    place,
    mayManage,
    onTalk: (person) => talkTo(chat, person, {place, box, onOpen}),
  });
  const forAdmins = mayManage()
    ? [addForm(chat, id, members, place), settingsForm(chat, id), inviteSection(id), bansSection(chat, id), reportsSection(chat, id)]
    : [];
  fill(
    box.body,
    mayManage() ? renameForm(chat, id, place) : h('p', {class: 'group-name', dir: 'auto'}, conversation.name),
    conversation.topic ? h('p', {class: 'topic', dir: 'auto'}, conversation.topic) : null,
    place,
    members.element,
    ...forAdmins,
    quietForm(chat, id, place),
    partings(chat, id, {box, place, onLeft}),
  );
  ends.push(
    chat.on('membership', (event) => event.conversation_id === id && members.load()),
    chat.on('people', members.render),
    chat.on('presence', members.render),
  );
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

/** Which messages of this conversation may call for attention. */
function quietForm(chat, id, place) {
  const level = chat.safety.level(chat.conversations.get(id));
  const select = h(
    'select',
    {id: 'quiet-level', on: {change: choose}},
    ...Object.entries(LEVELS).map(([value, words]) => h('option', {value, selected: value === level}, words)),
  );

  async function choose() {
    try {
      await chat.safety.notify(id, select.value);
      showSentence(place, '');
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  return h('div', {class: 'field'}, h('label', {for: 'quiet-level'}, 'Notify me of'), select);
}

function blockButton(chat, userId, place) {
  const button = h('button', {type: 'button', class: 'danger-button', hidden: true, on: {click: press}});
  let isBlocked = false;

  async function render() {
    try {
      isBlocked = (await chat.safety.blocked()).has(userId);
      button.textContent = isBlocked ? 'Unblock' : 'Block';
      button.hidden = false;
    } catch {
      button.hidden = true;
    }
  }

  function press() {
    return whileBusy(button, async () => {
      try {
        await (isBlocked ? chat.safety.unblock(userId) : chat.safety.block(userId));
        showSentence(place, '');
        await render();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  render();
  return h('div', {class: 'actions'}, button);
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
  const button = h('button', {type: 'submit', class: 'primary', hidden: true}, `Add to the ${kindOf(chat.conversations.get(id))}`);
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

/** Leaving; and for owners, ending it for everyone. */
function partings(chat, id, {box, place, onLeft}) {
  const leave = async (event) => {
    const button = event.currentTarget;
    if (!confirmed(button, 'Press again to leave')) return;
    await whileBusy(button, async () => {
      try {
        await api.removeMember(id, 'me');
        over();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  };
  function over() {
    box.close();
    chat.history.forget(id);
    chat.conversations.drop(id);
    onLeft();
  }

  const end = () =>
    confirmDialog({
      title: `Delete this ${kindOf(chat.conversations.get(id))}?`,
      words: 'It is over for everyone, with everything that was said. There is no way back.',
      action: 'Delete for everyone',
      run: () => api.deleteConversation(id).then(over),
    });
  return h(
    'div',
    {class: 'actions'},
    chat.conversations.get(id).me?.role === 'owner'
      ? h(
          'button',
          {type: 'button', class: 'danger-button', on: {click: end}},
          `Delete the ${kindOf(chat.conversations.get(id))}`,
        )
      : null,
    h('button', {type: 'button', class: 'danger-button', on: {click: leave}}, `Leave the ${kindOf(chat.conversations.get(id))}`),
  );
}
