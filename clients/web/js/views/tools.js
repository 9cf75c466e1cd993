/**
 * What one can do to a message: one small bar that lies over whichever message is pointed at or has the focus. With
 * the keyboard the arrows walk from message to message, and Tab goes on into the bar.
 */
import {h} from '../dom.js';
import {menu} from './popup.js';
import {pickEmoji} from './emoji.js';

export function messageTools(log, actions) {
  const react = tool('React', '☺', () => pickEmoji(react, (emoji) => actions.toggle(row().message, emoji)));
  const reply = tool('Reply', '↩', () => actions.reply(row().message));
  const more = tool('More', '⋯', () => menu(more, 'More', actions.menu(row().message)));
  const element = h(
    'div',
    {class: 'tools', role: 'toolbar', 'aria-label': 'What to do with this message', 'aria-live': 'off'},
    react,
    reply,
    more,
  );
  let current = null;

  const row = () => current.row;

  function tool(label, sign, run) {
    return h(
      'button',
      {type: 'button', class: 'tool', 'aria-label': label, title: label, data: {name: label}, on: {click: run}},
      h('span', {'aria-hidden': 'true'}, sign),
    );
  }

  function show(message) {
    if (message === current && element.isConnected) return;
    if (element.contains(document.activeElement) && message !== current) return;
    current = message;
    const usable = message?.row?.message && !message.row.deleted && message.row.message.type !== 'system';
    if (usable) message.querySelector('.bubble-side').append(element);
    else element.remove();
  }

  function pointed(event) {
    const message = event.target.closest?.('.message');
    if (message && !document.querySelector('.popup')) show(message);
  }

  function focused(event) {
    const message = event.target.closest('.message');
    for (const one of log.querySelectorAll('.message[tabindex="0"]')) one.tabIndex = -1;
    if (!message) return;
    message.tabIndex = 0;
    show(message);
  }

  function walk(event) {
    if (!event.target.matches('.message')) return;
    const all = [...log.querySelectorAll('.message')];
    const at = all.indexOf(event.target);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1}[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    all[to].focus();
  }

  log.addEventListener('pointerover', pointed);
  log.addEventListener('focusin', focused);
  log.addEventListener('keydown', walk);

  return {
    /** After every drawing: the last message can be reached with Tab, and a deleted message has no tools. */
    refresh() {
      if (current && (!current.isConnected || current.row.deleted)) {
        element.remove();
        current = null;
      }
      if (log.contains(document.activeElement)) return;
      const all = [...log.querySelectorAll('.message')];
      for (const one of all) one.tabIndex = one === all.at(-1) ? 0 : -1;
    },
  };
}
