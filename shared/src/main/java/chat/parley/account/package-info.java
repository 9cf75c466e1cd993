/**
 * People and how they prove who they are: users, sessions, access tokens, outside issuers, stream tickets.
 *
 * <p>PostgreSQL {@code users}, {@code identity}, {@code session}, {@code stream_ticket}, {@code signing_key}; this package is their
 * only writer.
 */
@NullMarked
package chat.parley.account;

import org.jspecify.annotations.NullMarked;
