/** Times as people say them, in the language of the browser. */
const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const weekday = new Intl.DateTimeFormat(undefined, {weekday: 'long'});
const shortWeekday = new Intl.DateTimeFormat(undefined, {weekday: 'short'});
const dayAndMonth = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'long'});
const fullDate = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'long', year: 'numeric'});
const shortDate = new Intl.DateTimeFormat(undefined, {day: '2-digit', month: '2-digit', year: '2-digit'});
const exact = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'medium'});

export const timeOfDay = (date) => clock.format(date);
export const exactTime = (date) => exact.format(date);

function daysAgo(date) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
  return Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
}

/** Names the calendar day of `date`; two dates with one key lie on one day. */
export const dayKey = (date) => `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;

export function dayName(date) {
  const ago = daysAgo(date);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return weekday.format(date);
  return date.getFullYear() === new Date().getFullYear() ? dayAndMonth.format(date) : fullDate.format(date);
}

/** Short enough for the corner of a list. */
export function shortTime(date) {
  const ago = daysAgo(date);
  if (ago <= 0) return clock.format(date);
  if (ago < 7) return shortWeekday.format(date);
  return shortDate.format(date);
}

export function sinceThen(date) {
  const minutes = Math.round((Date.now() - date.getTime()) / 60_000);
  if (minutes < 2) return 'just now';
  if (minutes < 60) return `${minutes} minutes ago`;
  return `${dayName(date)}, ${clock.format(date)}`;
}
