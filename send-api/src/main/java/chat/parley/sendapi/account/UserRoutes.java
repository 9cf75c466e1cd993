package chat.parley.sendapi.account;

import chat.parley.account.DisplayName;
import chat.parley.account.Password;
import chat.parley.account.User;
import chat.parley.account.UserJson;
import chat.parley.account.UserSearchCursor;
import chat.parley.account.Username;
import chat.parley.account.Users;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.media.MediaCatalog;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** HTTP for people: sign up, profiles, search. */
public final class UserRoutes {
    private static final int USERNAME_CHARS_MIN = 3;
    private static final int USERNAME_CHARS_MAX = 32;
    private static final int PASSWORD_CHARS_MIN = 8;
    private static final int PASSWORD_CHARS_MAX = 128;
    private static final int NAME_CHARS_MAX = 64;

    /** An id has 13; a longer text is refused as no id. */
    private static final int MEDIA_ID_CHARS_MAX = 64;

    private static final int PAGE_DEFAULT = 20;

    /** What a list on a screen shows; a reader who wants everybody can page. */
    private static final int PAGE_MAX = 100;

    /** Printable ASCII without blanks, as of every other Idempotency-Key. */
    private static final Pattern KEY_FORM = Pattern.compile("[\\x21-\\x7e]{1,64}");

    private final SignUp signUp;
    private final Users users;
    private final SessionAnswer answer;
    private final Browsers browsers;
    private final MediaCatalog media;

    UserRoutes(SignUp signUp, Users users, SessionAnswer answer, Browsers browsers, MediaCatalog media) {
        this.signUp = signUp;
        this.users = users;
        this.answer = answer;
        this.browsers = browsers;
        this.media = media;
    }

    /** {@code POST /v1/users}. */
    public void signUp(Context http) {
        var client = new Client(http.userAgent(), browsers.clientAddress(http), browsers.isFromPage(http));
        var outcome = signUp.signUp(wish(http), client);
        switch (outcome) {
            case SignUp.Outcome.Welcome welcome -> {
                if (welcome.isRepeat()) {
                    http.header("Idempotency-Replayed", "true");
                }
                answer.opened(http, 201, welcome.user(), welcome.session());
            }
            case SignUp.Outcome.Taken taken -> Answer.problem(http, Problem.of(Fault.USERNAME_TAKEN));
            case SignUp.Outcome.OtherWish other -> Answer.problem(http, Problem.of(Fault.IDEMPOTENCY_MISMATCH));
            case SignUp.Outcome.Overloaded overloaded -> Overload.answer(http);
        }
    }

    private static SignUp.Wish wish(Context http) {
        var body = Body.of(http);
        String typedName = body.text("username", USERNAME_CHARS_MIN, USERNAME_CHARS_MAX);
        var username = typedName.isEmpty() ? Optional.<Username>empty() : Username.parse(typedName);
        if (!typedName.isEmpty() && username.isEmpty()) {
            body.complain("username", "character_not_allowed");
        }
        var displayName = displayName(body, body.text("display_name", 1, NAME_CHARS_MAX));
        String typedPassword = body.text("password", PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX);
        var password = Password.parse(typedPassword);
        if (!typedPassword.isEmpty() && password.isEmpty()) {
            body.complain("password", "too_short"); // its accents were counted as characters of their own
        }
        body.done();
        return new SignUp.Wish(username.orElseThrow(), displayName.orElseThrow(), password.orElseThrow(), key(http));
    }

    /** {@code GET /v1/users/me}. */
    public void me(Context http) {
        show(http, users.find(Edge.caller(http).user()));
    }

    /** {@code GET /v1/users/{user}}. */
    public void get(Context http) {
        show(http, id(http.pathParam("user")).flatMap(users::find));
    }

    /** {@code PATCH /v1/users/me}. */
    public void change(Context http) {
        var me = Edge.caller(http).user();
        var body = Body.of(http);
        String typed = body.textOrNull("display_name", 1, NAME_CHARS_MAX);
        var name = typed == null ? Optional.<DisplayName>empty() : displayName(body, typed);
        boolean withoutAvatar = body.isNull("avatar_media_id");
        var avatar = avatar(body, me);
        body.done();
        var user = name.isPresent() ? users.rename(me, name.get()) : users.find(me);
        show(http, withoutAvatar || avatar.isPresent() ? users.setAvatar(me, avatar.orElse(null)) : user);
    }

    /** A picture that this person uploaded. */
    private Optional<MediaId> avatar(Body body, UserId me) {
        String typed = body.textOrNull("avatar_media_id", 1, MEDIA_ID_CHARS_MAX);
        if (typed == null) {
            return Optional.empty();
        }
        try {
            var id = MediaId.parse(typed);
            var item = media.hold(me, List.of(id)).get(id);
            if (item != null && item.isPicture()) {
                return Optional.of(id);
            }
            body.complain("avatar_media_id", item == null ? "unknown_media" : "not_a_picture");
        } catch (IllegalArgumentException e) {
            body.complain("avatar_media_id", "not_an_id");
        }
        return Optional.empty();
    }

    /** {@code GET /v1/users?query=}. */
    public void search(Context http) {
        String prefix = http.queryParam("query");
        if (prefix == null || prefix.isEmpty()) {
            throw ProblemException.field("query", "required");
        }
        if (DisplayName.parse(prefix).isEmpty()) {
            throw ProblemException.field("query", "not_a_name");
        }
        String after = http.queryParam("after");
        var cursor = after == null
                ? UserSearchCursor.START
                : UserSearchCursor.parse(after).orElseThrow(() -> ProblemException.field("after", "not_a_cursor"));
        var found = users.search(prefix, cursor, limit(http.queryParam("limit")));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var user : found.users()) {
                UserJson.write(user, json);
            }
            json.writeEndArray();
            if (found.next() != null) {
                json.writeStringField("after", found.next().toString());
            }
            json.writeEndObject();
        });
    }

    private static void show(Context http, Optional<User> user) {
        if (user.isEmpty()) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        Answer.json(http, 200, json -> UserJson.write(user.get(), json));
    }

    private static Optional<DisplayName> displayName(Body body, String typed) {
        var name = DisplayName.parse(typed);
        if (!typed.isEmpty() && name.isEmpty()) {
            body.complain("display_name", typed.isBlank() ? "blank" : "control_character");
        }
        return name;
    }

    /** An id that cannot be one names nobody, like one that is nobody's. */
    private static Optional<UserId> id(String text) {
        try {
            return Optional.of(UserId.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return PAGE_DEFAULT;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= PAGE_MAX) {
                return limit;
            }
        } catch (NumberFormatException e) {
            throw ProblemException.field("limit", "not_a_number");
        }
        throw ProblemException.field("limit", "out_of_range");
    }

    private static @Nullable String key(Context http) {
        String key = http.header("Idempotency-Key");
        if (key != null && !KEY_FORM.matcher(key).matches()) {
            throw ProblemException.field("Idempotency-Key", "form");
        }
        return key;
    }
}
