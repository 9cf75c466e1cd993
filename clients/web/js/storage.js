/**
 * What this browser keeps for one person: unsent messages, drafts, and how far they have looked. One entry a thing, so
 * that two windows never overwrite each other. Where the browser refuses storage (private windows, full disk) it is
 * kept in memory.
 */
const memory = new Map();

function read(key) {
  try {
    return localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
    memory.delete(key);
  } catch {
    memory.set(key, value);
  }
}

function erase(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept there in the first place.
  }
}

function keys(prefix) {
  const found = new Set([...memory.keys()].filter((key) => key.startsWith(prefix)));
  try {
    for (let at = 0; at < localStorage.length; at++) {
      const key = localStorage.key(at);
      if (key.startsWith(prefix)) found.add(key);
    }
  } catch {
    // Refused storage holds no keys.
  }
  return [...found];
}

/** Who is logged in with this browser's cookie. Another window that sees it change must start over. */
export const LOGGED_IN_AS = 'parley.logged-in-as';

export function rememberLogIn(userId) {
  if (read(LOGGED_IN_AS) !== userId) write(LOGGED_IN_AS, userId);
}

export function rememberLogOut() {
  erase(LOGGED_IN_AS);
}

/**
 * False when this browser surely is logged out, so that the server need not be asked. The cookie itself cannot be read
 * here.
 */
export function mayBeLoggedIn() {
  try {
    return localStorage.getItem(LOGGED_IN_AS) !== null;
  } catch {
    return true;
  }
}

export class Keepsakes {
  #prefix;

  constructor(userId) {
    this.#prefix = `parley.${userId}.`;
  }

  get(name) {
    const text = read(this.#prefix + name);
    if (text === null) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  set(name, value) {
    write(this.#prefix + name, JSON.stringify(value));
  }

  remove(name) {
    erase(this.#prefix + name);
  }

  /** Calls `listener` when another window changed the entry; returns the function that ends it. */
  watch(name, listener) {
    const changed = ({key}) => {
      if (key === this.#prefix + name) listener();
    };
    addEventListener('storage', changed);
    return () => removeEventListener('storage', changed);
  }

  /** Names that begin with `start`. */
  names(start) {
    return keys(this.#prefix + start).map((key) => key.slice(this.#prefix.length));
  }

  /** After logging out on purpose nothing of theirs stays on a shared computer. */
  forgetEverything() {
    keys(this.#prefix).forEach(erase);
  }
}
