/** Builds elements. Data only ever enters the page as text nodes and attribute values, never as markup. */

const PROPERTIES = new Set([
  'value',
  'checked',
  'disabled',
  'hidden',
  'textContent',
  'htmlFor',
  'tabIndex',
  'maxLength',
]);

/** `h('button', {class: 'quiet', on: {click: run}}, 'Run')`. A child that is null or false is left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  fill(element, ...children);
  return element;
}

/** Replaces everything inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A name in a sentence: its own direction must not turn the sentence around. */
export function bdi(text) {
  return h('bdi', {}, text);
}

/**
 * Makes `parent` show exactly `rows`, keeping the elements of rows that stay, so that focus, selection and what a
 * screen reader has already said survive. `built` maps a row's key to its element; `build` makes one, `refresh` brings
 * one up to date.
 */
export function reconcile(parent, rows, built, build, refresh) {
  let at = parent.firstChild;
  const kept = new Set();
  for (const row of rows) {
    kept.add(row.key);
    let element = built.get(row.key);
    if (!element) {
      element = build(row);
      built.set(row.key, element);
    }
    if (element.shown !== row.signature) {
      refresh(element, row);
      element.shown = row.signature;
    }
    if (element === at) at = at.nextSibling;
    else parent.insertBefore(element, at);
  }
  for (const [key, element] of built) {
    if (kept.has(key)) continue;
    element.remove();
    built.delete(key);
  }
}
