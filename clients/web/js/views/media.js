/** Pictures and files of a message. A picture has its place before it is here, so that nothing jumps. */
import {fill, h} from '../dom.js';
import {dialog} from './dialog.js';

/** The larger side of a picture in the log, and of the thumbnails that the server makes. */
const SHOWN_PX = 320;
const SHARP_PX = 1280;
const UNITS = ['bytes', 'KB', 'MB', 'GB'];

export function mediaOf(list) {
  if (list.length === 0) return null;
  return h('div', {class: 'media'}, ...list.map((one) => (isPicture(one) ? picture(one) : file(one))));
}

const isPicture = (media) => media.type.startsWith('image/') && media.width > 0 && media.height > 0;
const address = (media) => `/v1/media/${encodeURIComponent(media.id)}`;
const nameOf = (media) => media.name ?? (isPicture(media) ? 'Picture' : 'File');

/** What stands for a message without text: in the list, in a quote. */
export function mediaInShort(list = []) {
  if (list.length === 0) return '';
  if (list.length === 1) return isPicture(list[0]) ? `Picture: ${nameOf(list[0])}` : `File: ${nameOf(list[0])}`;
  return list.every(isPicture) ? `${list.length} pictures` : `${list.length} files`;
}

function picture(media) {
  const scale = Math.min(1, SHOWN_PX / Math.max(media.width, media.height));
  const thumbnail = (size) => `${address(media)}/thumbnail?size=${size}`;
  const button = h(
    'button',
    {
      type: 'button',
      class: 'picture',
      data: {name: `picture ${media.id}`},
      'aria-label': `Picture ${nameOf(media)}, show it large`,
      on: {click: () => show(media)},
    },
    h('img', {
      src: thumbnail(SHOWN_PX),
      srcset: `${thumbnail(SHOWN_PX)} 1x, ${thumbnail(SHARP_PX)} 2x`,
      alt: nameOf(media),
      width: Math.max(1, Math.round(media.width * scale)),
      height: Math.max(1, Math.round(media.height * scale)),
      loading: 'lazy',
      decoding: 'async',
      on: {error: () => fill(button, h('span', {class: 'muted'}, 'This picture does not load.'))},
    }),
  );
  return button;
}

function show(media) {
  const box = dialog(nameOf(media), {className: 'viewer'});
  fill(
    box.body,
    h('img', {src: address(media), alt: nameOf(media), width: media.width, height: media.height}),
    h(
      'p',
      {class: 'actions'},
      h('span', {class: 'muted'}, `${media.width} × ${media.height}, ${sizeInWords(media.bytes)}`),
      h('a', {class: 'link', href: address(media), download: nameOf(media)}, 'Download'),
    ),
  );
  box.show();
}

function file(media) {
  return h(
    'a',
    {class: 'file', href: address(media), download: nameOf(media), data: {name: `file ${media.id}`}},
    h('span', {class: 'file-sign', 'aria-hidden': 'true'}, '↓'),
    h('span', {class: 'file-name', dir: 'auto'}, nameOf(media)),
    h('span', {class: 'muted'}, sizeInWords(media.bytes)),
  );
}

export function sizeInWords(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
