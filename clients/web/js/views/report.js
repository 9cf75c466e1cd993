/** Reports a message to those who look after a conversation, and shows admins what waits to be judged. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {sentence} from '../problems.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';
import {inShort} from './rows.js';

const REASONS = {spam: 'It is spam', abuse: 'It is hurtful', illegal: 'It breaks the law', other: 'Something else'};

export function reportDialog(message) {
  const box = dialog('Report this message');
  const place = alertPlace();
  const note = field({
    name: 'note',
    label: 'What should they know?',
    required: false,
    autocomplete: 'off',
    dir: 'auto',
    maxlength: 1000,
  });
  const button = h('button', {type: 'submit', class: 'primary'}, 'Report');
  const reasons = Object.entries(REASONS).map(([value, label], at) =>
    h('label', {class: 'choice'}, h('input', {type: 'radio', name: 'reason', value, checked: at === 0}), label),
  );

  async function submit(event) {
    event.preventDefault();
    const wanted = {reason: box.element.querySelector('[name="reason"]:checked').value};
    if (note.input.value.trim()) wanted.note = note.input.value.trim();
    await whileBusy(button, async () => {
      try {
        await api.report(message.conversation_id, message.seq, wanted);
        box.close();
        announce('Reported. Nobody is told that it was you.');
      } catch (failure) {
        showFailure(failure, [note], place);
      }
    });
  }

  fill(
    box.body,
    h('p', {class: 'asked-about', dir: 'auto'}, inShort(message)),
    h(
      'form',
      {novalidate: true, on: {submit}},
      h('fieldset', {class: 'choices'}, h('legend', {class: 'field-label'}, 'What is wrong with it?'), ...reasons),
      note.element,
      place,
      h('div', {class: 'actions'}, button),
    ),
  );
  box.show();
}

/** For admins: what members reported. */
export function reportsSection(chat, id) {
  const place = alertPlace();
  const list = h('ul', {class: 'reports'});

  async function load() {
    try {
      const {items} = await api.reports(id);
      fill(list, ...(items.length > 0 ? items.map(row) : [h('li', {class: 'muted'}, 'Nothing was reported.')]));
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function row({seq, message, report_count: count, reports}) {
    const words = reports.map((one) => REASONS[one.reason] + (one.note ? `: ${one.note}` : ''));
    return h(
      'li',
      {class: 'report'},
      h('p', {class: 'asked-about'}, bdi(chat.people.name(message.sender_id)), `: ${inShort(message)}`),
      h('p', {class: 'muted', dir: 'auto'}, `${count === 1 ? 'Reported once' : `Reported ${count} times`}. ${words.join('; ')}`),
      h('button', {type: 'button', class: 'link', on: {click: () => settle(seq)}}, 'Settled'),
    );
  }

  async function settle(seq) {
    try {
      await api.settleReports(id, seq);
      await load();
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  const element = h(
    'details',
    {class: 'settings', on: {toggle: () => element.open && load()}},
    h('summary', {}, 'Reports'),
    place,
    list,
  );
  return element;
}
