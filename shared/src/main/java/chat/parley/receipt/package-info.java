/**
 * How far members have received and read: the columns {@code read_seq}, {@code delivered_seq} and {@code marks_changed_at} of PostgreSQL
 * {@code member}. Marks only grow.
 */
@NullMarked
package chat.parley.receipt;

import org.jspecify.annotations.NullMarked;
