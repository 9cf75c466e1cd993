/**
 * A random id of 128 bits. Not `crypto.randomUUID`, which browsers offer only on https and localhost: Parley is often
 * first tried over plain http on a home network.
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
