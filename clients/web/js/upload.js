/** Sends one file, and tells how much of it has left. Not by `fetch`, which says nothing while a body leaves. */
import {NoAnswer, Problem} from './api.js';

/** Answers with the media object. `key` makes a repeat the same upload. */
export function upload(file, {key, onProgress, signal}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/v1/media?${new URLSearchParams({name: nameOf(file)})}`);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('Idempotency-Key', key);
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      reject(new Problem(request.status, request.response ?? {}, Number(request.getResponseHeader('Retry-After')) || 0));
    };
    request.onerror = () => reject(new NoAnswer('POST /v1/media'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

const NAME_LONGEST = 255;
/** What a name must not hold: paths, control characters, and marks that turn text around. */
const REFUSED = /[/\\\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function nameOf(file) {
  const name = [...(file.name || 'file').replace(REFUSED, '_')];
  return name.slice(0, NAME_LONGEST).join('');
}
