/**
 * People over HTTP: sign up, log in, sessions, stream tickets, profiles. Each {@code XxxRoutes} turns requests into calls and outcomes into answers; the
 * rules are beside them ({@link chat.parley.sendapi.account.SignUp}, {@link chat.parley.sendapi.account.LogIn}) and what is stored is in
 * {@code chat.parley.account}. The only data here are the counted login tries, in this process's memory.
 */
@NullMarked
package chat.parley.sendapi.account;

import org.jspecify.annotations.NullMarked;
