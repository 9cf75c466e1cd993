/** Invitations by link: making, copying and revoking them, and what someone sees who follows one. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {newId} from '../ids.js';
import {sentence} from '../problems.js';
import {exactTime} from '../time.js';
import {dialog} from './dialog.js';
import {alertPlace, showSentence, whileBusy} from './form.js';

const DAY = 86_400;
const LIVES = [
  [DAY, 'One day'],
  [7 * DAY, 'One week'],
  [30 * DAY, '30 days'],
];

/** The address to pass on. The token stands after the #, where no server and no log ever sees it. */
const linkOf = (token) => `${location.origin}/#invite=${token}`;

export function inviteSection(id) {
  const place = alertPlace();
  const list = h('ul', {class: 'invites', 'aria-label': 'Open links'});
  const made = h('div', {class: 'made-link', hidden: true});
  const lives = h(
    'select',
    {id: 'invite-lives'},
    ...LIVES.map(([seconds, words]) => h('option', {value: seconds, selected: seconds === 7 * DAY}, words)),
  );
  const once = h('input', {type: 'checkbox'});
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Create a link');
  let key = newId();

  async function load() {
    try {
      const {items} = await api.invites(id);
      fill(list, ...items.map(row));
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  async function create(event) {
    event.preventDefault();
    const wanted = {expires_in: Number(lives.value)};
    if (once.checked) wanted.max_uses = 1;
    await whileBusy(button, async () => {
      try {
        showLink(await api.createInvite(id, wanted, key));
        key = newId();
        await load();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  function showLink({token}) {
    const input = h('input', {type: 'text', readonly: true, value: linkOf(token), 'aria-label': 'Invitation link'});
    made.hidden = false;
    fill(
      made,
      input,
      h('button', {type: 'button', class: 'quiet', on: {click: () => copy(input)}}, 'Copy'),
      h('p', {class: 'hint'}, 'Copy it now: it is not shown again.'),
    );
    input.focus();
    input.select();
  }

  async function copy(input) {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      announce('Link copied.');
    } catch {
      announce('Press Ctrl and C to copy the link.'); // The clipboard is for https and localhost only.
    }
  }

  function row(invite) {
    const uses = invite.max_uses ? `${invite.uses} of ${invite.max_uses} used` : `${invite.uses} used`;
    const words = `Until ${exactTime(new Date(invite.expires_at))}, ${uses}`;
    return h(
      'li',
      {class: 'invite'},
      h('span', {}, words),
      h(
        'button',
        {type: 'button', class: 'link danger', 'aria-label': `Revoke the link: ${words}`, on: {click: () => revoke(invite)}},
        'Revoke',
      ),
    );
  }

  async function revoke(invite) {
    try {
      await api.revokeInvite(id, invite.id);
    } catch (failure) {
      if (failure.status !== 404) return showSentence(place, sentence(failure));
    }
    made.hidden = true;
    button.focus();
    load();
  }

  const element = h(
    'details',
    {class: 'settings', on: {toggle: () => element.open && load()}},
    h('summary', {}, 'Invite by link'),
    h(
      'form',
      {on: {submit: create}},
      h('div', {class: 'field'}, h('label', {for: 'invite-lives'}, 'It works for'), lives),
      h('label', {class: 'choice'}, once, 'For one person only'),
      place,
      button,
    ),
    made,
    list,
  );
  return element;
}

/** Someone followed a link: says where it leads, and joins if they want. */
export async function inviteDialog(chat, token, {onJoined}) {
  const box = dialog('Invitation');
  const place = alertPlace();
  fill(box.body, place, h('p', {class: 'muted'}, 'Looking where this link leads…'));
  box.show();
  try {
    const {conversation} = await api.invite(token);
    const button = h('button', {type: 'button', class: 'primary', on: {click: join}}, 'Join');
    fill(
      box.body,
      h(
        'div',
        {class: 'person-card'},
        flag(conversation.id, 'group'),
        h('p', {class: 'group-name'}, bdi(conversation.name)),
        conversation.topic ? h('p', {dir: 'auto'}, conversation.topic) : null,
        h('p', {class: 'muted'}, conversation.member_count === 1 ? '1 member' : `${conversation.member_count} members`),
      ),
      place,
      h('div', {class: 'actions'}, button),
    );
    button.focus();
  } catch (failure) {
    fill(box.body, place);
    showSentence(place, failure.status === 404 ? 'This link leads nowhere (any more).' : sentence(failure));
  }

  function join(event) {
    return whileBusy(event.currentTarget, async () => {
      try {
        const conversation = await api.joinByInvite(token);
        chat.conversations.take(conversation);
        box.close();
        onJoined(conversation.id);
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }
}
