/**
 * Files on their way into a message: picked, pasted or dropped. Each is uploaded at once, so that sending is quick;
 * what arrived is kept with the draft over a reload.
 */
import {announce} from '../announcer.js';
import {fill, h} from '../dom.js';
import {newId} from '../ids.js';
import {sentence} from '../problems.js';
import {upload} from '../upload.js';
import {sizeInWords} from './media.js';

/** As many as one message carries. */
const MOST = 10;
const PREVIEW_PX = 48;

export function attachments(chat, id, {onChanged, onReady, say}) {
  const kept = `media.${id}`;
  const picker = h('input', {type: 'file', multiple: true, hidden: true, 'aria-label': 'Files to attach'});
  picker.addEventListener('change', () => (add(picker.files), (picker.value = '')));
  const button = h(
    'button',
    {type: 'button', class: 'icon attach', 'aria-label': 'Attach files', title: 'Attach files'},
    h('span', {'aria-hidden': 'true'}, '+'),
  );
  button.addEventListener('click', () => picker.click());
  const tray = h('ul', {class: 'tray', 'aria-label': 'Attached files', hidden: true});
  let items = (chat.keepsakes.get(kept) ?? []).map((media) => ({name: media.name ?? 'file', bytes: media.bytes, media}));

  function add(files) {
    for (const file of files) {
      if (items.length >= MOST) {
        say(`A message carries ${MOST} files at most.`);
        break;
      }
      const item = {file, name: file.name || 'file', bytes: file.size, key: newId(), part: 0};
      items.push(item);
      announce(`${item.name} attached`);
      preview(item);
      start(item);
    }
    render();
    onChanged();
  }

  async function start(item) {
    item.failure = undefined;
    item.ending = new AbortController();
    try {
      item.media = await upload(item.file, {
        key: item.key,
        signal: item.ending.signal,
        onProgress: (part) => {
          item.part = part;
          if (item.bar) item.bar.value = part;
        },
      });
      keep();
    } catch (failure) {
      if (failure.status === 401) chat.end();
      item.failure = failure;
    }
    if (!items.includes(item)) return;
    render();
    onChanged();
    if (isReady()) onReady();
  }

  /** Drawn here, since nothing but this server's own pictures may be shown by address. */
  async function preview(item) {
    if (!item.file.type.startsWith('image/')) return;
    try {
      const picture = await createImageBitmap(item.file);
      const scale = PREVIEW_PX / Math.max(picture.width, picture.height);
      const canvas = h('canvas', {class: 'tray-picture', 'aria-hidden': 'true'});
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      item.picture = canvas;
      render();
    } catch {
      // Not a picture that this browser can draw: its name is enough.
    }
  }

  function keep() {
    const media = items.filter((item) => item.media).map((item) => item.media);
    if (media.length > 0) chat.keepsakes.set(kept, media);
    else chat.keepsakes.remove(kept);
  }

  function remove(item) {
    item.ending?.abort();
    items = items.filter((one) => one !== item);
    keep();
    render();
    onChanged();
    button.focus();
    if (items.length > 0 && isReady()) onReady();
  }

  const isReady = () => items.every((item) => item.media);

  function render() {
    tray.hidden = items.length === 0;
    fill(tray, ...items.map(row));
  }

  function row(item) {
    item.bar = item.media || item.failure ? null : h('progress', {max: 1, 'aria-label': `Uploading ${item.name}`});
    if (item.bar) item.bar.value = item.part;
    return h(
      'li',
      {class: item.failure ? 'tray-item tray-failed' : 'tray-item'},
      item.picture ?? null,
      h(
        'span',
        {class: 'tray-words'},
        h('span', {class: 'tray-name', dir: 'auto'}, item.name),
        h('span', {class: 'muted'}, item.failure ? uploadSentence(item.failure) : sizeInWords(item.bytes)),
      ),
      item.bar,
      item.failure && item.failure.mayPass
        ? h(
            'button',
            {type: 'button', class: 'link', 'aria-label': `Upload ${item.name} again`, on: {click: () => again(item)}},
            'Retry',
          )
        : null,
      h(
        'button',
        {type: 'button', class: 'icon', 'aria-label': `Take out ${item.name}`, on: {click: () => remove(item)}},
        '✕',
      ),
    );
  }

  function again(item) {
    start(item);
    render();
  }

  render();

  return {
    button,
    picker,
    tray,
    add,
    isReady,
    get size() {
      return items.length;
    },
    hasFailed: () => items.some((item) => item.failure),
    /** Hands over what is uploaded, and is empty again. */
    take() {
      const media = items.map((item) => item.media);
      items = [];
      keep();
      render();
      return media;
    },
    destroy: () => items.forEach((item) => !item.media && item.ending?.abort()),
  };
}

function uploadSentence(failure) {
  if (failure.status === 413) return 'This file is larger than the server takes.';
  const code = failure.errors?.[0]?.code;
  if (code === 'damaged_picture') return 'This picture is damaged.';
  if (code === 'too_many_pixels') return 'This picture has more pixels than the server takes.';
  return sentence(failure);
}
