package chat.parley.notifier;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.auth.oauth2.ServiceAccountCredentials;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A service account of Google that may send through FCM, as its console writes it into a JSON file.
 *
 * @param project whose devices it reaches
 */
record FcmKey(String project, ServiceAccountCredentials account) {
    /** Stands in the path of every request. */
    private static final Pattern PROJECT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:.-]{1,99}");

    private static final String SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
    private static final String TOKEN_SERVER = "https://oauth2.googleapis.com/token";

    /** @throws IllegalArgumentException if that is no service account; says what is missing, and nothing of what is there */
    static FcmKey of(byte[] json) {
        JsonNode tree;
        try {
            tree = Json.MAPPER.readTree(json);
        } catch (IOException e) {
            // Without the cause: parsers quote what they stumble over.
            throw new IllegalArgumentException("is not JSON");
        }
        if (!tree.path("type").asText().equals("service_account")) {
            throw new IllegalArgumentException("is not a service account: its \"type\" is another");
        }
        String project = text(tree, "project_id");
        if (!PROJECT.matcher(project).matches()) {
            throw new IllegalArgumentException("has a \"project_id\" that is none");
        }
        try {
            var account = ServiceAccountCredentials.newBuilder()
                    .setClientEmail(text(tree, "client_email"))
                    .setPrivateKeyId(text(tree, "private_key_id"))
                    .setPrivateKeyString(text(tree, "private_key"))
                    .setProjectId(project)
                    .setTokenServerUri(tokenServer(tree))
                    .setScopes(List.of(SCOPE))
                    // Its own tries would come on top of ours, and hold what waits for the token.
                    .setDefaultRetriesEnabled(false)
                    .build();
            return new FcmKey(project, account);
        } catch (IOException e) {
            throw new IllegalArgumentException("has a \"private_key\" that is none");
        }
    }

    private static URI tokenServer(JsonNode tree) {
        String address = tree.path("token_uri").asText(TOKEN_SERVER);
        try {
            var uri = URI.create(address);
            boolean isWeb = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            if (isWeb && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("has a \"token_uri\" that is no address", e);
        }
        throw new IllegalArgumentException("has a \"token_uri\" that is no address");
    }

    private static String text(JsonNode tree, String name) {
        String text = tree.path(name).asText();
        if (text.isBlank()) {
            throw new IllegalArgumentException("has no \"" + name + "\"");
        }
        return text;
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "service account of " + project;
    }
}
