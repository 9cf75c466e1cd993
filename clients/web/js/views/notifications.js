/** What one wants to be told while the page is closed: in this browser or not, and for all devices when and how much. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {h} from '../dom.js';
import {sentence} from '../problems.js';
import {BLOCKED, OFF, ON, UNAVAILABLE, UNSUPPORTED} from '../push.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';

export const TURN_ON = 'Tell me of new messages when this page is closed';

/** Why notifications cannot be had here, or an empty sentence. */
export function whyNot(state) {
  if (state === BLOCKED)
    return 'Notifications are blocked here. Allow them for this address in the settings of your browser.';
  if (state === UNAVAILABLE) return 'This browser cannot receive notifications here: no push service answers it.';
  if (state !== UNSUPPORTED) return '';
  if (!isSecureContext) return 'This browser cannot receive notifications here: the address has to begin with https.';
  if (navigator.standalone === false)
    return 'On an iPhone or iPad add Parley to the home screen first: press Share, then Add to Home Screen.';
  return 'This browser cannot receive notifications here.';
}

export function notificationsSection(chat) {
  const place = alertPlace();
  const words = h('p', {class: 'hint', role: 'status'});
  const choice = h('input', {type: 'checkbox', role: 'switch', on: {change: () => turn(choice.checked)}});
  let isRefused = false;
  const test = h('button', {type: 'button', class: 'quiet', on: {click: sendTest}}, 'Send a test notification');

  function show() {
    const {state} = chat.push;
    choice.checked = state === ON;
    isRefused = state !== ON && state !== OFF;
    // Not `disabled`, which would take the focus away from who just pressed it.
    if (isRefused) choice.setAttribute('aria-disabled', 'true');
    else if (!choice.classList.contains('busy')) choice.removeAttribute('aria-disabled');
    words.textContent = whyNot(state);
    test.hidden = state !== ON;
  }

  async function turn(isOn) {
    if (isRefused) return show();
    await whileBusy(choice, async () => {
      showSentence(place, '');
      try {
        await (isOn ? chat.push.turnOn() : chat.push.turnOff());
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
    show();
  }

  async function sendTest() {
    await whileBusy(test, async () => {
      try {
        await chat.push.test();
        words.textContent = 'A test is on its way. It shows here even while the page is open.';
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  const off = chat.push.on('changed', () => (element.isConnected ? show() : off()));
  const element = h(
    'section',
    {class: 'member-section'},
    h('h3', {}, 'Notifications'),
    h('label', {class: 'choice'}, choice, TURN_ON),
    words,
    place,
    test,
    preferences(),
  );
  show();
  return element;
}

/** Holds for every device; hidden where the server keeps no such thing. */
function preferences() {
  const place = alertPlace();
  const preview = h('input', {type: 'checkbox'});
  const isQuiet = h('input', {type: 'checkbox', on: {change: () => (times.hidden = !isQuiet.checked)}});
  const from = field({name: 'from', label: 'From', type: 'time'});
  const to = field({name: 'quiet_hours', label: 'To', type: 'time'});
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const times = h(
    'div',
    {class: 'quiet-hours', hidden: true},
    from.element,
    to.element,
    h('p', {class: 'hint'}, `Every day, on the clock of ${zone}.`),
  );
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Save');
  const form = h(
    'form',
    {novalidate: true, hidden: true, on: {submit: save}},
    h('label', {class: 'choice'}, preview, 'Show who and what in notifications'),
    h('label', {class: 'choice'}, isQuiet, 'Quiet hours, in which nothing wakes me'),
    times,
    button,
  );
  const element = h(
    'details',
    {class: 'settings', on: {toggle: () => element.open && load()}},
    h('summary', {}, 'When, and how much'),
    place,
    form,
  );

  async function load() {
    try {
      const {preview: isShown = true, quiet_hours: hours} = await api.pushPreferences();
      preview.checked = isShown;
      isQuiet.checked = Boolean(hours);
      times.hidden = !hours;
      from.input.value = hours?.from ?? '22:00';
      to.input.value = hours?.to ?? '07:00';
      form.hidden = false;
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  async function save(event) {
    event.preventDefault();
    showSentence(place, '');
    const wanted = {preview: preview.checked};
    if (isQuiet.checked) {
      if (!complete()) return;
      wanted.quiet_hours = {from: from.input.value, to: to.input.value, time_zone: zone};
    }
    await whileBusy(button, async () => {
      try {
        await api.setPushPreferences(wanted);
        announce('Saved.');
      } catch (failure) {
        showFailure(failure, [from, to], place);
      }
    });
  }

  function complete() {
    for (const one of [from, to]) {
      one.say(one.input.value ? '' : 'This is needed.');
      if (!one.input.value) {
        one.input.focus();
        return false;
      }
    }
    if (from.input.value !== to.input.value) return true;
    to.say('Choose two different times.');
    to.input.focus();
    return false;
  }

  return element;
}
