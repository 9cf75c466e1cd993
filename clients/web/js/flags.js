/**
 * Everyone flies a flag: a pattern in the five colours of maritime signals, drawn from their id, so that a face is
 * known at a glance without a picture. Groups fly a swallowtail. The name is always written beside it; the flag itself
 * is decoration.
 */
const SVG = 'http://www.w3.org/2000/svg';

/** Filled by the style sheet (`.f-blue` and so on), so that the colours follow light and dark. */
const PAIRS = [
  ['blue', 'white'],
  ['red', 'white'],
  ['yellow', 'blue'],
  ['black', 'yellow'],
  ['white', 'red'],
  ['yellow', 'red'],
  ['white', 'blue'],
  ['blue', 'yellow'],
  ['yellow', 'black'],
  ['red', 'yellow'],
  ['black', 'white'],
  ['blue', 'red'],
];

const rect = (x, y, width, height) => `M${x} ${y}h${width}v${height}h${-width}z`;

/** What the second colour covers, on a field of 32 by 32. */
const PATTERNS = [
  rect(16, 0, 16, 32),
  rect(0, 16, 32, 16),
  rect(16, 0, 16, 16) + rect(0, 16, 16, 16),
  rect(12, 0, 8, 32) + rect(0, 12, 12, 8) + rect(20, 12, 12, 8),
  'M0 0h6l10 10L26 0h6v6L22 16l10 10v6h-6L16 22 6 32H0v-6l10-10L0 6z',
  'M16 6a10 10 0 1 0 0 20a10 10 0 1 0 0-20z',
  rect(10, 10, 12, 12),
  rect(0, 10, 32, 12),
  rect(11, 0, 10, 32),
  'M0 32L32 0v32z',
  'M16 3l13 13-13 13L3 16z',
  'M0 0l18 16L0 32z',
  rect(6, 6, 20, 20),
  rect(0, 0, 32, 6) + rect(0, 13, 32, 6) + rect(0, 26, 32, 6),
];

/** The six flags that spell PARLEY in the International Code of Signals: [field, [colour, path] ...]. */
const LETTERS = {
  P: ['blue', ['white', rect(10, 10, 12, 12)]],
  A: ['blue', ['white', rect(0, 0, 15, 32)]],
  R: ['red', ['yellow', rect(12.5, 0, 7, 32) + rect(0, 12.5, 12.5, 7) + rect(19.5, 12.5, 12.5, 7)]],
  L: ['yellow', ['black', rect(16, 0, 16, 16) + rect(0, 16, 16, 16)]],
  E: ['blue', ['red', rect(0, 16, 32, 16)]],
  Y: [
    'yellow',
    [
      'red',
      'M0 0h6.4L0 6.4zM12.8 0h6.4L0 19.2v-6.4zM25.6 0H32L0 32v-6.4zM32 6.4v6.4L12.8 32H6.4zM32 19.2v6.4L25.6 32h-6.4z',
    ],
  ],
};

function draw(className, field, shapes) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 32 32');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  for (const [colour, path] of [[field, rect(0, 0, 32, 32)], ...shapes]) {
    const shape = document.createElementNS(SVG, 'path');
    shape.setAttribute('d', path);
    shape.setAttribute('class', `f-${colour}`);
    svg.append(shape);
  }
  return svg;
}

/** FNV-1a: small, and spreads ids that differ in one character. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

export function flag(id, kind = 'person') {
  const value = hash(id);
  const [field, mark] = PAIRS[value % PAIRS.length];
  const pattern = PATTERNS[Math.floor(value / PAIRS.length) % PATTERNS.length];
  return draw(`flag flag-${kind}`, field, [[mark, pattern]]);
}

export function letterFlag(letter) {
  const [field, ...shapes] = LETTERS[letter];
  return draw(letter === 'A' ? 'flag flag-group' : 'flag', field, shapes);
}
