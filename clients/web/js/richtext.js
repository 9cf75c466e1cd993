/**
 * Message text as nodes: plain text, links and mentions, nothing else. Nothing is fetched before someone follows a link.
 */
import {h} from './dom.js';
import {mentionsOf} from './mentions.js';

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** What ends a sentence, not an address. */
const TRAILING = /[.,;:!?…»”’)\]}]+$/u;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u;
const HAS_PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const JUMBO_MOST = 3;

/** `mentions` maps the usernames to highlight to whether each is the reader. */
export function nodesOf(text, mentions = new Map()) {
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTrailing(match[0]);
    if (!isWebAddress(address)) continue;
    nodes.push(...wordsOf(text.slice(done, match.index), mentions));
    nodes.push(h('a', {href: address, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr'}, address));
    done = match.index + address.length;
  }
  nodes.push(...wordsOf(text.slice(done), mentions));
  return nodes;
}

function wordsOf(text, mentions) {
  const nodes = [];
  let done = 0;
  for (const {name, start, end} of mentions.size > 0 ? mentionsOf(text) : []) {
    if (!mentions.has(name)) continue;
    nodes.push(document.createTextNode(text.slice(done, start)));
    nodes.push(h('span', {class: mentions.get(name) ? 'mention mention-me' : 'mention'}, text.slice(start, end)));
    done = end;
  }
  nodes.push(document.createTextNode(text.slice(done)));
  return nodes;
}

function withoutTrailing(address) {
  const bare = address.replace(TRAILING, '');
  const closing = address.slice(bare.length).startsWith(')') && bare.includes('(');
  return closing ? `${bare})` : bare;
}

function isWebAddress(address) {
  try {
    return ['http:', 'https:'].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

/** A message of one to three emoji and nothing else is shown large. */
export function isJumbo(text) {
  const bare = text.trim();
  if (bare.length > 40 || !ONLY_EMOJI.test(bare) || !HAS_PICTURE.test(bare)) return false;
  return [...new Intl.Segmenter().segment(bare.replace(/\s/gu, ''))].length <= JUMBO_MOST;
}
