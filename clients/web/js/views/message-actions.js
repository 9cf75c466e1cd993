/** What the tools of a message do: each act, and what a person is told when it fails. */
import {announce} from '../announcer.js';
import {sentence} from '../problems.js';
import {confirmDialog, seenDialog, versionsDialog} from './message-dialogs.js';
import {reportDialog} from './report.js';
import {inShort} from './rows.js';

export function messageActions(chat, {writing, jump, say}) {
  async function tried(work) {
    try {
      await work();
      say('');
    } catch (failure) {
      say(sentence(failure));
    }
  }

  function remove(message) {
    confirmDialog({
      title: 'Delete this message?',
      words: inShort(message),
      action: 'Delete for everyone',
      run: () => chat.acts.remove(message),
    });
  }

  function copy(message) {
    return tried(async () => {
      await navigator.clipboard.writeText(message.text);
      announce('Copied.');
    });
  }

  return {
    jump,
    retry: (key) => chat.outbox.retry(key),
    discard: (key) => chat.outbox.discard(key),
    toggle: (message, emoji) => tried(() => chat.acts.toggle(message, emoji)),
    reply: (message) => writing.reply(message),
    versions: versionsDialog,
    menu: (message) => [
      chat.acts.mayEdit(message) && {label: 'Edit', run: () => writing.edit(message)},
      message.text && navigator.clipboard && {label: 'Copy the text', run: () => copy(message)},
      chat.acts.isOwn(message) && {label: 'Seen by', run: () => seenDialog(chat, message)},
      message.edited_at && {label: 'Earlier versions', run: () => versionsDialog(message)},
      chat.acts.mayPin(message) &&
        (chat.acts.isPinned(message)
          ? {label: 'Unpin', run: () => tried(() => chat.acts.unpin(message))}
          : {label: 'Pin', run: () => tried(() => chat.acts.pin(message))}),
      !chat.acts.isOwn(message) && {label: 'Report', run: () => reportDialog(message)},
      chat.acts.mayDelete(message) && {label: 'Delete', danger: true, run: () => remove(message)},
    ],
  };
}
