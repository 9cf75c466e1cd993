/** A small mark beside a flag: whether someone is there. Shape and words tell it as well as the colour. */
import {fill, h} from '../dom.js';

export function presenceDot(status) {
  const dot = h('span', {class: 'presence'});
  showPresence(dot, status);
  return dot;
}

export function showPresence(dot, status) {
  dot.hidden = status !== 'online' && status !== 'away';
  dot.dataset.status = status ?? '';
  fill(dot, dot.hidden ? null : h('span', {class: 'unseen'}, ` ${status}`));
}
