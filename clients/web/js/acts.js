/** What one may do to a message that is there already, and doing it. Each act fails like every call. */
import {api} from './api.js';
import {mentionedIds} from './mentions.js';

export class Acts {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  isOwn = (message) => message.sender_id === this.#chat.me.id;

  isAdmin = (id) => ['owner', 'admin'].includes(this.#chat.conversations.get(id)?.me?.role);

  mayEdit = (message) => this.isOwn(message) && !message.deleted_at && message.type !== 'system';

  mayDelete = (message) =>
    !message.deleted_at &&
    message.type !== 'system' &&
    (this.isOwn(message) ||
      (this.isAdmin(message.conversation_id) &&
        this.#chat.conversations.get(message.conversation_id)?.type !== 'direct'));

  /** In channels pinning is for admins, elsewhere for everyone. */
  mayPin = (message) =>
    !message.deleted_at &&
    message.type !== 'system' &&
    (this.#chat.conversations.get(message.conversation_id)?.type !== 'channel' ||
      this.isAdmin(message.conversation_id));

  isPinned = (message) =>
    this.#chat.conversations.get(message.conversation_id)?.pinned_seqs?.includes(message.seq) ?? false;

  /** Where only admins write, others read. */
  mayWrite = (id) => this.#chat.conversations.get(id)?.posting !== 'admins' || this.isAdmin(id);

  async pin({conversation_id: id, seq}) {
    await api.pin(id, seq);
    this.#chat.conversations.refresh(id);
  }

  async unpin({conversation_id: id, seq}) {
    await api.unpin(id, seq);
    this.#chat.conversations.refresh(id);
  }

  async edit(message, text) {
    const mentions = mentionedIds(this.#chat, message.conversation_id, text);
    const change = mentions.length > 0 || message.mentions ? {text, mentions} : {text};
    this.#chat.history.apply(await api.edit(message.conversation_id, message.seq, change));
  }

  async remove(message) {
    this.#chat.history.apply(await api.remove(message.conversation_id, message.seq));
  }

  /** Whether my reaction stands there, as far as that is known. */
  hasMine(message, emoji) {
    return this.#chat.reactors.of(message)?.get(emoji)?.has(this.#chat.me.id) ?? false;
  }

  async toggle(message, emoji) {
    const adding = !this.hasMine(message, emoji);
    const {conversation_id: id, seq} = message;
    const after = await (adding ? api.react(id, seq, emoji) : api.unreact(id, seq, emoji));
    const change = {user_id: this.#chat.me.id, emoji, reactions: after.reactions ?? {}};
    this.#chat.reactors.apply(message.id, change, adding);
    this.#chat.history.apply(after);
  }
}
