package chat.parley.sendapi.http;

import io.javalin.security.RouteRole;

/** Who may call a URL. */
public enum Access implements RouteRole {
    /** Anyone. */
    ANYONE,
    /** A person who proved to be one; see {@link Edge#caller}. */
    PERSON
}
