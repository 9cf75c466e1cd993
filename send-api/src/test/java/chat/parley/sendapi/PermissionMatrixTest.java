package chat.parley.sendapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.Permission;
import chat.parley.sendapi.People.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Who may do what, over HTTP: each endpoint below a conversation, asked by someone of each role in a conversation of each type. And whoever
 * must not see a conversation gets, byte for byte, the answer of one that never was.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PermissionMatrixTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final String NEVER_WAS = "/v1/conversations/0000000000009";

    /**
     * One line an endpoint: method and path below the conversation; the statuses for each kind of conversation, in the order of {@link Kind} and
     * {@link Kind#roles}; the body. {@code {target}} is a member who is asked about, {@code {outsider}} someone to be let in,
     * {@code {invite}} an open invitation. A conversation has one message, of the target.
     */
    private static final String MATRIX = """
            # method path             | direct  | group                   | channel                 | public                  | body
            GET                       | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 200 404 200 |
            PATCH                     | 409 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | {"name":"x"}
            PATCH                     | 409 404 | 400 400 403 404 404 404 | 200 403 403 404 404 404 | 200 200 403 404 404 404 | {"public":true}
            DELETE                    | 409 404 | 204 403 403 404 404 404 | 204 403 403 404 404 404 | 204 403 403 404 404 404 |
            POST   /join              | 404 404 | 404 404 404 404 404 404 | 404 404 404 404 404 404 | 200 200 200 200 404 200 |
            GET    /members           | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            POST   /members           | 409 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | {"user_ids":["{outsider}"]}
            POST   /members           | 409 404 | 200 403 403 404 404 404 | 200 403 403 404 404 404 | 200 403 403 404 404 404 | {"user_ids":["{outsider}"],"role":"admin"}
            PATCH  /members/{target}  | 409 404 | 200 403 403 404 404 404 | 200 403 403 404 404 404 | 200 403 403 404 404 404 | {"role":"admin"}
            DELETE /members/{target}  | 409 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            DELETE /members/me        | 409 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 |
            POST   /invites           | 409 404 | 201 201 403 404 404 404 | 201 201 403 404 404 404 | 201 201 403 404 404 404 | {}
            GET    /invites           | 409 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 |
            DELETE /invites/{invite}  | 409 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            GET    /bans              | 409 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 |
            PUT    /bans/{target}     | 409 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            DELETE /bans/{target}     | 409 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            GET    /pins              | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            PUT    /pins/1            | 204 404 | 204 204 204 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            DELETE /pins/1            | 204 404 | 204 204 204 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            PUT    /notifications     | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | {"level":"none"}
            DELETE /notifications     | 204 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 |
            POST   /messages/1/reports | 201 404 | 201 201 201 404 404 404 | 201 201 201 404 404 404 | 201 201 201 404 404 404 | {"reason":"spam"}
            GET    /reports           | 409 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 |
            DELETE /reports/1         | 409 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 | 204 204 403 404 404 404 |
            GET    /messages          | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            GET    /messages/1        | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            PUT    /read              | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | {"seq":1}
            PUT    /delivered         | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | {"seq":1}
            GET    /messages/1/receipts | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            POST   /typing            | 204 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 | 204 204 204 404 404 404 |
            PATCH  /messages/1        | 403 404 | 403 403 403 404 404 404 | 403 403 403 404 404 404 | 403 403 403 404 404 404 | {"text":"x"}
            DELETE /messages/1        | 403 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 | 200 200 403 404 404 404 |
            GET    /messages/1/versions | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            GET    /messages/1/reactions | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            PUT    /messages/1/reactions/%F0%9F%91%8D | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            DELETE /messages/1/reactions/%F0%9F%91%8D | 200 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 | 200 200 200 404 404 404 |
            POST   /messages          | 403 404 | 201 201 403 404 404 404 | 201 201 403 404 404 404 | 201 201 403 404 404 404 | {"client_message_id":"a","text":"t","mentions":["all"]}
            POST   /messages          | 201 404 | 201 201 201 404 404 404 | 201 201 201 404 404 404 | 201 201 201 404 404 404 | {"client_message_id":"k","text":"t"}
            """;

    private RunningSendApi api;
    private People people;
    private Person outsider;
    private Person target;
    private final Map<Role, Person> persons = new EnumMap<>(Role.class);

    private enum Role {
        OWNER,
        ADMIN,
        MEMBER,
        LEFT,
        BANNED,
        STRANGER
    }

    private enum Kind {
        DIRECT,
        GROUP,
        CHANNEL,
        PUBLIC;

        List<Role> roles() {
            return this == DIRECT ? List.of(Role.MEMBER, Role.STRANGER) : List.of(Role.values());
        }
    }

    private record Row(
            String method,
            String path,
            Map<Kind, List<Integer>> statuses,
            @Nullable String body) {}

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
        outsider = people.signUp();
        target = people.signUp();
        for (var role : Role.values()) {
            persons.put(role, people.signUp());
        }
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void each_role_may_do_what_the_matrix_says_and_nothing_else() throws Exception {
        var wrong = new ArrayList<String>();
        for (var kind : Kind.values()) {
            var scene = scene(kind);
            for (var row : rows()) {
                for (int i = 0; i < kind.roles().size(); i++) {
                    var role = kind.roles().get(i);
                    int expected =
                            Objects.requireNonNull(row.statuses.get(kind)).get(i);
                    var answer = ask(row, scene, Objects.requireNonNull(persons.get(role)));
                    if (answer.statusCode() != expected) {
                        wrong.add(kind + " " + role + " " + row + " got " + answer.statusCode() + " " + answer.body());
                    }
                    // What was refused changed nothing: the next one may ask in the same conversation.
                    if (answer.statusCode() < 300 && !row.method.equals("GET")) {
                        scene = scene(kind);
                    }
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    @Test
    void what_is_not_to_be_seen_answers_as_what_never_was() throws Exception {
        var scene = scene(Kind.GROUP);
        var nothing = new Scene(NEVER_WAS, scene.target, scene.invite);
        for (var row : rows()) {
            for (var role : List.of(Role.LEFT, Role.BANNED, Role.STRANGER)) {
                var who = Objects.requireNonNull(persons.get(role));
                var foreign = ask(row, scene, who);
                var missing = ask(row, nothing, who);
                assertEquals(404, missing.statusCode(), row.toString());
                assertEquals(withoutNames(missing), withoutNames(foreign), row.toString());
            }
        }
    }

    @Test
    void every_endpoint_below_a_conversation_is_in_the_matrix() throws Exception {
        var routes = new TreeSet<String>();
        var source = Pattern.compile("routes\\.(\\w+)\\(\\s*\"/v1/conversations/\\{conversation}([^\"]*)\"")
                .matcher(Files.readString(Path.of("src/main/java/chat/parley/sendapi/Routes.java")));
        while (source.find()) {
            routes.add(source.group(1).toUpperCase(Locale.ROOT) + " " + source.group(2));
        }
        var covered = rows().stream()
                .map(row -> row.method + " "
                        + row.path
                                .replace("/members/me", "/members/{user}")
                                .replace("{target}", "{user}")
                                .replace("%F0%9F%91%8D", "{emoji}")
                                .replaceAll("/1\\b", "/{seq}"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertTrue(routes.size() > 10);
        assertEquals(String.join("\n", routes), String.join("\n", covered));
    }

    @Test
    void the_page_says_what_the_code_decides() throws Exception {
        String protocol = Files.readString(Path.of("../docs/protocol.md"));
        for (var permission : Permission.values()) {
            var least = new StringBuilder("| `" + permission.name().toLowerCase(Locale.ROOT) + "` |");
            for (var type : Conversation.Type.values()) {
                var role = permission.least(type);
                least.append(' ').append(role == null ? "–" : role.text()).append(" |");
            }
            assertTrue(protocol.contains(least), () -> "not in docs/protocol.md: " + least);
        }
    }

    private record Scene(String path, Person target, String invite) {}

    private Scene scene(Kind kind) throws Exception {
        var owner = Objects.requireNonNull(persons.get(Role.OWNER));
        var admin = Objects.requireNonNull(persons.get(Role.ADMIN));
        var member = Objects.requireNonNull(persons.get(Role.MEMBER));
        if (kind == Kind.DIRECT) {
            String path = people.direct(member, owner);
            assertEquals(201, people.say(owner, path, "hello").statusCode());
            return new Scene(path, owner, outsider.id());
        }
        var left = Objects.requireNonNull(persons.get(Role.LEFT));
        var banned = Objects.requireNonNull(persons.get(Role.BANNED));
        String type = kind == Kind.GROUP ? "group" : "channel";
        String fields = kind == Kind.PUBLIC ? "\"name\":\"n\",\"public\":true" : "\"name\":\"n\"";
        String path = people.make(owner, type, fields, admin, member, left, banned, target);
        people.appoint(owner, path, admin, "admin");
        assertEquals(201, people.say(target, path, "hello").statusCode());
        forgetReports();
        assertEquals(
                201,
                people.post(left, path + "/messages/1/reports", "{\"reason\":\"abuse\"}")
                        .statusCode());
        assertEquals(204, people.delete(left, path + "/members/me").statusCode());
        assertEquals(204, people.put(owner, path + "/bans/" + banned.id()).statusCode());
        String invite = People.json(people.post(owner, path + "/invites", "{}"))
                .at("/id")
                .textValue();
        return new Scene(path, target, invite);
    }

    /** One person has only so many that wait. */
    private static void forgetReports() throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("TRUNCATE report");
        }
    }

    private HttpResponse<String> ask(Row row, Scene scene, Person who) throws Exception {
        return people.send(
                row.method,
                who,
                scene.path + filled(row.path, scene),
                row.body == null ? null : filled(row.body, scene));
    }

    private String filled(String text, Scene scene) {
        return text.replace("{target}", scene.target.id())
                .replace("{outsider}", outsider.id())
                .replace("{invite}", scene.invite);
    }

    private static List<Row> rows() {
        return MATRIX.lines()
                .filter(line -> !line.startsWith("#"))
                .map(PermissionMatrixTest::row)
                .toList();
    }

    private static Row row(String line) {
        var cells = line.split("\\|", -1);
        var request = cells[0].strip().split("\\s+", 2);
        var statuses = new EnumMap<Kind, List<Integer>>(Kind.class);
        int cell = 1;
        for (var kind : Kind.values()) {
            var numbers = Arrays.stream(cells[cell++].strip().split(" ", -1))
                    .map(Integer::valueOf)
                    .toList();
            assertEquals(kind.roles().size(), numbers.size(), line);
            statuses.put(kind, numbers);
        }
        String body = cells[cells.length - 1].strip();
        return new Row(request[0], request.length == 1 ? "" : request[1], statuses, body.isEmpty() ? null : body);
    }

    private static String withoutNames(HttpResponse<String> problem) {
        return problem.body().replaceAll("\"(instance|request_id)\":\"[^\"]*\",?", "");
    }
}
