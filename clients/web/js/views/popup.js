/**
 * Small windows beside what opened them: a menu, the emoji picker. The browser closes them at Escape and at a press
 * elsewhere; the focus returns to where it came from.
 */
import {h} from '../dom.js';

const GAP_PX = 6;
const EDGE_PX = 8;

/** Shows `content` beside `anchor`. Returns the function that closes it. */
export function popup(anchor, content, {label, role = 'dialog', className = ''}) {
  const element = h(
    'div',
    {class: `popup ${className}`, role, 'aria-label': label, popover: 'auto', on: {keydown: keys, toggle: toggled}},
    content,
  );
  let byHand = false;

  function keys(event) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    close();
  }

  function toggled(event) {
    if (event.newState !== 'closed') return;
    const hadFocus = byHand || element.contains(document.activeElement) || document.activeElement === document.body;
    element.remove();
    if (hadFocus && anchor.isConnected) anchor.focus({preventScroll: true});
  }

  function close() {
    byHand = true;
    if (element.isConnected) element.hidePopover();
  }

  function place() {
    const at = anchor.getBoundingClientRect();
    const {offsetWidth: width, offsetHeight: height} = element;
    const left = Math.min(at.left, innerWidth - width - EDGE_PX);
    const below = at.bottom + GAP_PX;
    const top = below + height > innerHeight - EDGE_PX ? at.top - GAP_PX - height : below;
    element.style.left = `${Math.max(EDGE_PX, left)}px`;
    element.style.top = `${Math.max(EDGE_PX, top)}px`;
  }

  // A modal window makes everything outside of itself unreachable, so what it opens belongs inside.
  (anchor.closest('dialog') ?? document.body).append(element);
  element.showPopover();
  place();
  return close;
}

/** A menu: `items` are `{label, run, danger}`; what is null or false is left out. */
export function menu(anchor, label, items) {
  const buttons = items.filter(Boolean).map((item) =>
    h(
      'button',
      {
        type: 'button',
        role: 'menuitem',
        class: item.danger ? 'menu-item danger' : 'menu-item',
        tabindex: -1,
        on: {click: () => (close(), item.run())},
      },
      item.label,
    ),
  );
  const close = popup(anchor, h('div', {class: 'menu-items', on: {keydown: walk}}, ...buttons), {
    label,
    role: 'menu',
    className: 'menu',
  });

  function walk(event) {
    const at = buttons.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1}[event.key];
    if (event.key === 'Tab') close();
    if (to === undefined) return;
    event.preventDefault();
    buttons.at(to % buttons.length).focus();
  }

  buttons[0]?.focus();
}
