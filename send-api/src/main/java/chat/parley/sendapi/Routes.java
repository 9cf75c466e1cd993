package chat.parley.sendapi;

import static chat.parley.sendapi.http.Access.ANYONE;

import io.javalin.config.RoutesConfig;

/** Every URL this process serves, in one place. {@code /v1/stream} is the stream service's. */
final class Routes {
    private Routes() {}

    static void install(RoutesConfig routes, OpsRoutes ops) {
        routes.get("/livez", ops::live, ANYONE);
        routes.get("/readyz", ops::ready, ANYONE);
        routes.get("/v1/errors", ops::errors, ANYONE);
    }
}
