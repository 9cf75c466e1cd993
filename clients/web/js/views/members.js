/** The people of a group or channel, and what may be done about each: talk, appoint, remove, ban. */
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {confirmed} from './confirmed.js';
import {alertPlace, showSentence} from './form.js';
import {confirmDialog} from './message-dialogs.js';
import {menu} from './popup.js';
import {presenceDot} from './presence-dot.js';

const ROLES = {owner: 'Owner', admin: 'Admin', member: ''};
const RANK = {owner: 0, admin: 1, member: 2};
const ROLE_ACTS = {owner: 'Make an owner', admin: 'Make an admin', member: 'Make a plain member'};
/** As many as one question about presence takes; the longest members stand first. */
const WATCHED_MOST = 100;

export function memberList(chat, id, {place, mayManage, onTalk}) {
  const title = h('h3', {}, 'Members');
  const list = h('ul', {class: 'members'}, h('li', {class: 'muted'}, 'Fetching the members…'));
  let items = [];

  async function load() {
    try {
      const found = [...(await chat.members.reload(id))];
      items = found.sort((a, b) => (RANK[a.role] ?? 3) - (RANK[b.role] ?? 3));
      chat.presence.watch(items.slice(0, WATCHED_MOST).map((one) => one.user_id));
      render();
    } catch (failure) {
      if (failure.status !== 404) showSentence(place, sentence(failure));
    }
  }

  function render() {
    if (items.length === 0 || list.querySelector('[data-asked]')) return; // A question stands there.
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
    title.textContent = items.length === 1 ? '1 member' : `${items.length} members`;
    fill(list, ...items.map(row));
    if (focused) list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }

  const myRole = () => chat.conversations.get(id)?.me?.role ?? 'member';
  const isBelow = (member) => myRole() === 'owner' || RANK[myRole()] < RANK[member.role];

  function row(member) {
    const name = chat.people.name(member.user_id);
    const isMe = member.user_id === chat.me.id;
    const role = ROLES[member.role] ?? member.role;
    return h(
      'li',
      {class: 'member'},
      flag(member.user_id),
      h(
        'span',
        {class: 'member-name'},
        bdi(name),
        isMe ? ' (you)' : '',
        presenceDot(chat.presence.of(member.user_id)?.status),
      ),
      role ? h('span', {class: 'role'}, role) : null,
      isMe ? null : act('Message', `Message ${name}`, () => onTalk(member.user_id)),
      !isMe && mayManage() && isBelow(member)
        ? [
            act('Remove', `Remove ${name}`, (button) => remove(button, member), 'link danger'),
            act('⋯', `More about ${name}`, (button) => menu(button, name, choices(member)), 'icon'),
          ]
        : null,
    );
  }

  function act(words, label, run, className = 'link') {
    return h(
      'button',
      {type: 'button', class: className, 'aria-label': label, on: {click: (event) => run(event.currentTarget)}},
      words,
    );
  }

  function choices(member) {
    const roles = myRole() === 'owner' ? Object.keys(ROLE_ACTS).filter((role) => role !== member.role) : [];
    return [
      ...roles.map((role) => ({label: ROLE_ACTS[role], run: () => appoint(member, role)})),
      {label: 'Ban', danger: true, run: () => ban(member)},
    ];
  }

  async function appoint(member, role) {
    try {
      await api.setRole(id, member.user_id, role);
      title.focus();
      await load();
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function ban(member) {
    confirmDialog({
      title: `Ban ${chat.people.name(member.user_id)}?`,
      words: 'They are taken out, and cannot come back in until the ban is lifted.',
      action: 'Ban',
      run: () => api.ban(id, member.user_id).then(() => gone(member)),
    });
  }

  async function remove(button, member) {
    if (!confirmed(button, 'Really?')) return;
    try {
      await api.removeMember(id, member.user_id);
      gone(member);
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function gone(member) {
    items = items.filter((one) => one !== member);
    title.focus();
    fill(list);
    render();
    chat.conversations.refresh(id);
  }

  title.tabIndex = -1;
  return {
    element: h('section', {class: 'member-section'}, title, list),
    load,
    render,
    has: (userId) => items.some((one) => one.user_id === userId),
  };
}

/** For admins: who is kept out. */
export function bansSection(chat, id) {
  const place = alertPlace();
  const list = h('ul', {class: 'members'});

  async function load() {
    try {
      const {items} = await api.bans(id);
      await Promise.all(items.map((one) => chat.people.nameOnceKnown(one.user_id)));
      fill(list, ...(items.length > 0 ? items.map(row) : [h('li', {class: 'muted'}, 'Nobody is banned.')]));
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function row({user_id: userId}) {
    const name = chat.people.name(userId);
    return h(
      'li',
      {class: 'member'},
      flag(userId),
      h('span', {class: 'member-name'}, bdi(name)),
      h('button', {type: 'button', class: 'link', 'aria-label': `Lift the ban of ${name}`, on: {click: () => lift(userId)}}, 'Lift'),
    );
  }

  async function lift(userId) {
    try {
      await api.unban(id, userId);
      await load();
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  const element = h(
    'details',
    {class: 'settings', on: {toggle: () => element.open && load()}},
    h('summary', {}, 'Banned'),
    place,
    list,
  );
  return element;
}
