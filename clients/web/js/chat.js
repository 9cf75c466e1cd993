/**
 * Everything one logged-in person has on this page, wired together: the stream feeds conversations and history, the
 * outbox feeds the server. Views read from here and listen; they never call each other.
 *
 * Emits `connection` (a state of the stream), `changed` with a conversation's id when its messages or unsent messages
 * changed, `list` when the conversation list changed, `people` when a name arrived, `gone` with an id, `typing` with an
 * id, `presence` when someone came or went, and `ended` when the session is over.
 */
import {Acts} from './acts.js';
import {api} from './api.js';
import {coalesced} from './coalesce.js';
import {Conversations} from './conversations.js';
import {Emitter} from './emitter.js';
import {History} from './history.js';
import {Marks} from './marks.js';
import {Members} from './members.js';
import {Outbox} from './outbox.js';
import {People} from './people.js';
import {Presence} from './presence.js';
import {Push} from './push.js';
import {Reactors} from './reactors.js';
import {Receipts} from './receipts.js';
import {Safety} from './safety.js';
import {Keepsakes} from './storage.js';
import {LIVE, OFFLINE, Stream} from './stream.js';
import {Typing} from './typing.js';
import {Unread} from './unread.js';

/**
 * The list is loaded when the stream is ready, so that nothing falls between; but a slow stream must not keep the page
 * empty.
 */
const STREAM_HEAD_START_MS = 1_200;
const RELOAD_AGAIN_MS = 3_000;

export class Chat extends Emitter {
  #reloading = null;
  #reloadTimer = 0;
  #over = false;
  #unreadElsewhere = 0;

  constructor(me) {
    super();
    this.me = me;
    this.keepsakes = new Keepsakes(me.id);
    this.people = new People();
    this.people.learn(me);
    this.unread = new Unread(this.keepsakes);
    this.conversations = new Conversations();
    this.members = new Members(this.conversations);
    this.history = new History();
    this.reactors = new Reactors();
    this.acts = new Acts(this);
    this.marks = new Marks(this);
    this.receipts = new Receipts();
    this.typing = new Typing();
    this.presence = new Presence();
    this.safety = new Safety(this.conversations);
    this.outbox = new Outbox(this.keepsakes);
    this.push = new Push(this.keepsakes);
    this.stream = new Stream('/v1/stream');
    this.#wire();
  }

  #wire() {
    this.people.on('changed', () => this.emit('people'));
    this.conversations.on('changed', () => this.emit('list'));
    this.conversations.on('gone', (id) => {
      this.unread.stored(id, Infinity);
      this.emit('gone', id);
    });
    this.unread.on('read', ({id, seq}) => this.receipts.read(id, seq));
    this.receipts.on('stored', (marks) => this.#marksStored(marks));
    this.typing.on('changed', (id) => this.emit('typing', id));
    this.presence.on('changed', () => this.emit('presence'));
    this.marks.on('changed', (id) => this.emit('changed', id));
    this.history.on('changed', (id) => this.#historyChanged(id));
    this.reactors.on('changed', (id) => this.emit('changed', id));
    this.outbox.on('changed', (id) => {
      this.emit('changed', id);
      this.emit('list');
    });
    this.outbox.on('sent', (message) => this.#arrived(message));
    this.outbox.on('unauthenticated', () => this.end());
    this.push.on('rest', () => this.stream.rest());
    this.push.on('idle', (isIdle) => this.stream.beIdle(isIdle));
    this.push.on('awake', () => this.stream.wake());
    this.on('list', this.#tidySoon);
    this.stream.on('event', (event) => this.#take(event));
    this.stream.on('doubt', () => this.#checkSession());
    let before = this.stream.state;
    this.stream.on('state', (state) => {
      this.emit('connection', state);
      if (state === LIVE || before === OFFLINE) this.outbox.retryAll();
      before = state;
    });
  }

  /** Messages leave also while nobody looks and the stream rests. */
  #online = () => this.outbox.retryAll();

  #tidySoon = coalesced(() => {
    if (this.#over) return;
    const seen = (one) => one && this.unread.seen(one);
    this.push.tidy((id) => seen(this.conversations.get(id)), this.unreadTotal());
  });

  start() {
    this.stream.start();
    this.push.start();
    addEventListener('online', this.#online);
    this.outbox.retryAll();
    this.#reloadTimer = setTimeout(() => this.reload(), STREAM_HEAD_START_MS);
  }

  /** Ends everything that runs, without a word to the server. */
  stop() {
    this.#stopParts();
    this.stream.stop();
  }

  #stopParts() {
    this.#over = true;
    clearTimeout(this.#reloadTimer);
    removeEventListener('online', this.#online);
    this.#tidySoon.cancel();
    this.outbox.stop();
    this.receipts.stop();
    this.push.stop();
  }

  /** The session is over, here or elsewhere. What was not sent stays in this browser for the next log-in. */
  end() {
    if (this.#over) return;
    this.#stopParts();
    this.stream.end();
    this.emit('ended');
  }

  async #checkSession() {
    try {
      await api.me();
    } catch (failure) {
      if (failure.status === 401) this.end();
    }
  }

  /** Reads the conversation list again, one reading at a time, until it works. */
  reload() {
    clearTimeout(this.#reloadTimer);
    this.#reloading ??= this.#reloadOnce().finally(() => (this.#reloading = null));
    return this.#reloading;
  }

  async #reloadOnce() {
    try {
      const found = await this.conversations.reload();
      for (const one of found) this.#standsAt(one);
      for (const [id, seq] of this.unread.pending()) this.receipts.read(id, seq);
      await this.#countElsewhere();
      this.emit('list');
    } catch (failure) {
      if (failure.status === 401) this.end();
      else if (!this.#over) this.#reloadTimer = setTimeout(() => this.reload(), RELOAD_AGAIN_MS);
    }
  }

  #standsAt({id, last_seq: last = 0, me}) {
    this.history.reaches(id, last);
    this.unread.stored(id, me?.read_seq ?? 0);
    if (last > (me?.delivered_seq ?? 0)) this.receipts.delivered(id, last);
  }

  /** What is unread in conversations that are not loaded counts too. */
  async #countElsewhere() {
    if (!this.conversations.hasMore) return void (this.#unreadElsewhere = 0);
    const all = (await api.unread()).unread_count;
    this.#unreadElsewhere = Math.max(0, all - this.#unreadHere());
  }

  async loadMore() {
    await this.conversations.loadMore();
    await this.#countElsewhere();
    this.emit('list');
  }

  #marksStored({conversation_id: id, ...marks}) {
    this.conversations.moveMarks(id, marks);
    this.unread.stored(id, marks.read_seq ?? 0);
  }

  #take(event) {
    switch (event.type) {
      case 'message.created':
      case 'message.edited':
      case 'message.deleted':
        if (event.quoted) this.history.quote(event.quoted);
        return this.#arrived(event.data, event.type === 'message.created');
      case 'reaction.added':
      case 'reaction.removed':
        return this.#reacted(event);
      case 'read.advanced':
      case 'delivered.advanced':
        return this.#advanced(event);
      case 'typing.started':
        return this.typing.started(event.conversation_id, event.data.user_id);
      case 'presence.changed':
        return this.presence.changed(event.data);
      case 'conversation.created':
      case 'conversation.updated':
      case 'member.joined':
      case 'member.updated':
        return this.#conversationChanged(event);
      case 'member.left':
        return this.#someoneLeft(event);
      case 'stream.ready':
        this.presence.refresh();
        return event.data?.resumed === 'new' ? this.reload() : undefined;
      case 'stream.reset':
        this.history.forgetAll();
        this.reactors.forgetAll();
        this.marks.forgetAll();
        this.emit('reset');
        return this.reload();
      default:
        return undefined;
    }
  }

  #arrived(message, isNew = true) {
    const {conversation_id: id, sender_id: sender, seq} = message;
    const isNotice = message.type === 'system';
    if (sender === this.me.id && !isNotice) {
      this.conversations.moveMarks(id, {read_seq: seq}); // The server moves it with the send.
      this.outbox.confirm(message);
    } else if (isNew) {
      if (!isNotice) this.marks.advance(id, sender, {read: seq});
      this.typing.stopped(id, sender);
      this.receipts.delivered(id, seq);
    }
    if (!this.conversations.advance(message)) this.conversations.refresh(message.conversation_id);
    this.history.apply(message);
    if (isNew && !isNotice) this.emit('arrived', message);
  }

  #advanced({type, conversation_id: id, data}) {
    const isRead = type === 'read.advanced';
    if (data.user_id !== this.me.id)
      return this.marks.advance(id, data.user_id, {[isRead ? 'read' : 'delivered']: data.seq});
    this.#marksStored({conversation_id: id, [isRead ? 'read_seq' : 'delivered_seq']: data.seq});
  }

  #reacted({type, conversation_id: id, data}) {
    this.reactors.apply(`${id}:${data.seq}`, data, type === 'reaction.added');
    this.history.react(id, data);
  }

  #conversationChanged(event) {
    const id = event.conversation_id;
    this.members.forget(id);
    if (this.conversations.get(id) && event.type === 'conversation.updated' && event.data)
      this.conversations.take(event.data);
    if (event.data?.first_seq) this.history.expire(id, event.data.first_seq);
    this.conversations.refresh(id);
    this.emit('membership', event);
  }

  #someoneLeft(event) {
    if (event.data?.user_id === this.me.id) {
      this.history.forget(event.conversation_id);
      this.conversations.drop(event.conversation_id);
      return;
    }
    this.members.forget(event.conversation_id);
    this.conversations.refresh(event.conversation_id);
    this.emit('membership', event);
  }

  #historyChanged(id) {
    for (const entry of this.outbox.of(id)) {
      const stored = this.history
        .of(id)
        ?.messages.find((one) => this.#isMine(one) && one.client_message_id === entry.id);
      if (stored) this.outbox.confirm(stored);
    }
    this.emit('changed', id);
  }

  #isMine(message) {
    return message.sender_id === this.me.id;
  }

  /** The title of a conversation: a group's name, or the other person. */
  title(conversation) {
    if (conversation.type !== 'direct') return conversation.name ?? 'Group';
    return this.people.name(this.otherOf(conversation));
  }

  /** The other person of a direct conversation. */
  otherOf(conversation) {
    return conversation.members?.find((one) => one.user_id !== this.me.id)?.user_id ?? this.me.id;
  }

  /** Who writes there now, as a sentence; empty when nobody does. */
  typingWords(id) {
    const names = this.typing.who(id).map((one) => this.people.name(one));
    if (names.length === 0) return '';
    if (names.length === 1) return `${names[0]} is writing…`;
    return names.length === 2 ? `${names.join(' and ')} are writing…` : 'Several people are writing…';
  }

  unreadTotal() {
    return this.#unreadHere() + this.#unreadElsewhere;
  }

  #unreadHere() {
    const loud = this.conversations.list().filter((one) => this.safety.level(one) === 'all');
    return loud.reduce((sum, one) => sum + this.unread.count(one), 0);
  }

  look(id, seq) {
    const one = this.conversations.get(id);
    if (one && this.unread.look(one, seq)) this.emit('list');
  }

  draft(id) {
    return this.keepsakes.get(`draft.${id}`) ?? '';
  }

  keepDraft(id, text) {
    if (text) this.keepsakes.set(`draft.${id}`, text);
    else this.keepsakes.remove(`draft.${id}`);
  }
}
