/** Message text as nodes: plain text and links, nothing else. Nothing is fetched before someone follows a link. */
import {h} from './dom.js';

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** What ends a sentence, not an address. */
const TRAILING = /[.,;:!?…»”’)\]}]+$/u;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u;
const HAS_PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const JUMBO_MOST = 3;

export function nodesOf(text) {
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTrailing(match[0]);
    if (!isWebAddress(address)) continue;
    nodes.push(document.createTextNode(text.slice(done, match.index)));
    nodes.push(h('a', {href: address, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr'}, address));
    done = match.index + address.length;
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
