/**
 * Real PostgreSQL and Redis servers from Maven Central artifacts, for one machine and for tests. Linux on amd64 and arm64.
 *
 * <p>Data: each server owns one folder. PostgreSQL: {@code pgdata/} (the cluster), Redis: {@code redis.conf} (written at each
 * start) and {@code appendonlydir/}. Both: {@code password} (mode 0600, made at the first start), {@code server.log},
 * {@code parley.lock} (held while a JVM uses the folder). Executables are unpacked once a user into a cache folder that
 * is named by version and never changed afterwards.
 *
 * <p>Ownership: the server ends with the JVM that started it, also after {@code kill -9}: by the parent-death signal, and
 * where that did not work by the next start on the folder. Started by root, the servers run as another user, who then owns
 * the folder. Nothing here knows of Parley's tables or keys.
 */
@NullMarked
package chat.parley.embedded;

import org.jspecify.annotations.NullMarked;
