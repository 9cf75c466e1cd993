/**
 * The bar that offers notifications, once someone has sent a message in this browser and so knows what for. Whoever
 * does not want them is left alone for a month.
 */
import {announce} from '../announcer.js';
import {h} from '../dom.js';
import {sentence} from '../problems.js';
import {OFF, ON} from '../push.js';
import {whileBusy} from './form.js';
import {whyNot} from './notifications.js';

const ASK_AGAIN_MS = 30 * 24 * 60 * 60 * 1_000;
const REFUSED_AT = 'push.refused-at';
const OFFER = 'Be told of new messages when this page is closed';

export function pushOffer(chat, {onDone}) {
  const words = h('p', {id: 'push-offer'}, OFFER);
  const on = h('button', {type: 'button', class: 'primary', on: {click: turnOn}}, 'Turn on');
  const no = h('button', {type: 'button', class: 'quiet', on: {click: refuse}}, 'Not now');
  const element = h(
    'div',
    {class: 'push-offer', role: 'region', 'aria-labelledby': 'push-offer', hidden: true},
    words,
    on,
    no,
  );

  const isWanted = () =>
    chat.push.state === OFF && Date.now() - (chat.keepsakes.get(REFUSED_AT) ?? 0) > ASK_AGAIN_MS;

  async function offer() {
    if (!element.hidden || !isWanted() || !(await chat.push.isOffered()) || !isWanted()) return;
    element.hidden = false;
    announce(`${OFFER}?`);
  }

  async function turnOn() {
    await whileBusy(on, async () => {
      try {
        await chat.push.turnOn();
        settle();
      } catch (failure) {
        say(sentence(failure));
      }
    });
  }

  function settle() {
    const {state} = chat.push;
    if (state === ON) {
      announce('Notifications are on.');
      return done();
    }
    if (state === OFF) return refuse(); // The browser's own question was put away.
    chat.keepsakes.set(REFUSED_AT, Date.now());
    on.hidden = true;
    no.textContent = 'Close';
    no.focus();
    say(whyNot(state));
  }

  function say(reason) {
    words.textContent = reason;
    announce(reason);
  }

  function refuse() {
    chat.keepsakes.set(REFUSED_AT, Date.now());
    done();
  }

  function done() {
    element.hidden = true;
    onDone();
  }

  const ends = [
    chat.outbox.on('sent', offer),
    chat.push.on('changed', () => chat.push.state === ON && (element.hidden = true)),
  ];
  return {element, destroy: () => ends.forEach((end) => end())};
}
