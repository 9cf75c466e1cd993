package chat.parley.sendapi;

import static chat.parley.sendapi.http.Access.ANYONE;
import static chat.parley.sendapi.http.Access.PERSON;

import chat.parley.sendapi.account.AccountRoutes;
import chat.parley.sendapi.conversation.BanRoutes;
import chat.parley.sendapi.conversation.ChannelRoutes;
import chat.parley.sendapi.conversation.ConversationRoutes;
import chat.parley.sendapi.conversation.InviteRoutes;
import chat.parley.sendapi.conversation.MemberRoutes;
import chat.parley.sendapi.conversation.NotificationRoutes;
import chat.parley.sendapi.conversation.PinRoutes;
import chat.parley.sendapi.device.DeviceRoutes;
import chat.parley.sendapi.device.PushPreferenceRoutes;
import chat.parley.sendapi.http.AsyncRoutes;
import chat.parley.sendapi.media.MediaGate;
import chat.parley.sendapi.message.MessageChangeRoutes;
import chat.parley.sendapi.message.MessageRoutes;
import chat.parley.sendapi.mydata.ExportRoutes;
import chat.parley.sendapi.presence.PresenceRoutes;
import chat.parley.sendapi.receipt.ReceiptRoutes;
import chat.parley.sendapi.safety.BlockRoutes;
import chat.parley.sendapi.safety.ReportRoutes;
import chat.parley.sendapi.search.SearchRoutes;
import chat.parley.sendapi.typing.TypingRoutes;
import io.javalin.config.RoutesConfig;

/** Every URL this process serves, in one place. {@code /v1/stream} is the stream service's. */
final class Routes {
    private Routes() {}

    static void install(RoutesConfig routes, OpsRoutes ops, Features features) {
        // First, as a path is held against the patterns one by one in this order, and most requests are messages.
        install(routes, features.messages, features.messageChanges);
        install(routes, ops);
        install(routes, features.accounts);
        install(routes, features.conversations, features.members);
        install(routes, features.channels, features.invites, features.bans, features.pins);
        install(routes, features.blocks, features.notifications, features.reports);
        install(routes, features.search);
        install(routes, features.media);
        install(routes, features.receipts);
        install(routes, features.export);
        install(routes, features.typing);
        install(routes, features.presence);
        install(routes, features.devices, features.pushPreferences);
    }

    /** Those that no thread waits for; they are asked before all others. */
    static void install(AsyncRoutes routes, Features features) {
        routes.post("/v1/conversations/{conversation}/messages", features.sending, PERSON);
    }

    private static void install(RoutesConfig routes, OpsRoutes ops) {
        routes.get("/livez", ops::live, ANYONE);
        routes.get("/readyz", ops::ready, ANYONE);
        routes.get("/v1/errors", ops::errors, ANYONE);
        routes.get("/openapi.json", ops::openApi, ANYONE);
    }

    private static void install(RoutesConfig routes, AccountRoutes accounts) {
        var users = accounts.users();
        routes.post("/v1/users", users::signUp, ANYONE);
        routes.get("/v1/users", users::search, PERSON);
        routes.get("/v1/users/me", users::me, PERSON);
        routes.patch("/v1/users/me", users::change, PERSON);
        routes.delete("/v1/users/me", accounts.erasure()::erase, PERSON);
        routes.get("/v1/users/{user}", users::get, PERSON);

        var sessions = accounts.sessions();
        routes.post("/v1/sessions", sessions::logIn, ANYONE);
        routes.post("/v1/sessions/refresh", sessions::refresh, ANYONE);
        routes.get("/v1/sessions", sessions::list, PERSON);
        routes.delete("/v1/sessions/{session}", sessions::end, PERSON);
        routes.post("/v1/stream/tickets", sessions::ticket, PERSON);
        routes.get("/.well-known/jwks.json", sessions::keys, ANYONE);
    }

    private static void install(RoutesConfig routes, ConversationRoutes conversations, MemberRoutes members) {
        routes.post("/v1/conversations", conversations::create, PERSON);
        routes.get("/v1/conversations", conversations::list, PERSON);
        routes.get("/v1/conversations/{conversation}", conversations::get, PERSON);
        routes.patch("/v1/conversations/{conversation}", conversations::change, PERSON);
        routes.delete("/v1/conversations/{conversation}", conversations::delete, PERSON);
        routes.get("/v1/conversations/{conversation}/members", members::list, PERSON);
        routes.post("/v1/conversations/{conversation}/members", members::add, PERSON);
        routes.patch("/v1/conversations/{conversation}/members/{user}", members::setRole, PERSON);
        routes.delete("/v1/conversations/{conversation}/members/{user}", members::remove, PERSON);
    }

    private static void install(
            RoutesConfig routes, ChannelRoutes channels, InviteRoutes invites, BanRoutes bans, PinRoutes pins) {
        routes.post("/v1/conversations/{conversation}/join", channels::join, PERSON);
        routes.post("/v1/conversations/{conversation}/invites", invites::create, PERSON);
        routes.get("/v1/conversations/{conversation}/invites", invites::list, PERSON);
        routes.delete("/v1/conversations/{conversation}/invites/{invite}", invites::revoke, PERSON);
        routes.get("/v1/invites/{token}", invites::show, PERSON);
        routes.post("/v1/invites/{token}/join", invites::join, PERSON);
        routes.get("/v1/conversations/{conversation}/bans", bans::list, PERSON);
        routes.put("/v1/conversations/{conversation}/bans/{user}", bans::ban, PERSON);
        routes.delete("/v1/conversations/{conversation}/bans/{user}", bans::unban, PERSON);
        routes.get("/v1/conversations/{conversation}/pins", pins::list, PERSON);
        routes.put("/v1/conversations/{conversation}/pins/{seq}", pins::pin, PERSON);
        routes.delete("/v1/conversations/{conversation}/pins/{seq}", pins::unpin, PERSON);
    }

    private static void install(
            RoutesConfig routes, BlockRoutes blocks, NotificationRoutes notifications, ReportRoutes reports) {
        routes.get("/v1/users/me/blocks", blocks::list, PERSON);
        routes.put("/v1/users/me/blocks/{user}", blocks::block, PERSON);
        routes.delete("/v1/users/me/blocks/{user}", blocks::unblock, PERSON);
        routes.put("/v1/conversations/{conversation}/notifications", notifications::choose, PERSON);
        routes.delete("/v1/conversations/{conversation}/notifications", notifications::reset, PERSON);
        routes.post("/v1/conversations/{conversation}/messages/{seq}/reports", reports::file, PERSON);
        routes.get("/v1/conversations/{conversation}/reports", reports::list, PERSON);
        routes.delete("/v1/conversations/{conversation}/reports/{seq}", reports::settle, PERSON);
    }

    private static void install(RoutesConfig routes, MessageRoutes messages, MessageChangeRoutes changes) {
        routes.get("/v1/conversations/{conversation}/messages", messages::list, PERSON);
        routes.get("/v1/conversations/{conversation}/messages/{seq}", messages::get, PERSON);
        routes.patch("/v1/conversations/{conversation}/messages/{seq}", changes::edit, PERSON);
        routes.delete("/v1/conversations/{conversation}/messages/{seq}", changes::delete, PERSON);
        routes.get("/v1/conversations/{conversation}/messages/{seq}/versions", changes::versions, PERSON);
        routes.get("/v1/conversations/{conversation}/messages/{seq}/reactions", changes::reactions, PERSON);
        routes.put("/v1/conversations/{conversation}/messages/{seq}/reactions/{emoji}", changes::react, PERSON);
        routes.delete("/v1/conversations/{conversation}/messages/{seq}/reactions/{emoji}", changes::unreact, PERSON);
    }

    private static void install(RoutesConfig routes, MediaGate media) {
        routes.post("/v1/media", media::upload, PERSON);
        routes.get("/v1/media/{media}", media::get, PERSON);
        routes.head("/v1/media/{media}", media::get, PERSON);
        routes.get("/v1/media/{media}/thumbnail", media::thumbnail, PERSON);
        routes.head("/v1/media/{media}/thumbnail", media::thumbnail, PERSON);
    }

    private static void install(RoutesConfig routes, ReceiptRoutes receipts) {
        routes.put("/v1/conversations/{conversation}/read", receipts::read, PERSON);
        routes.put("/v1/conversations/{conversation}/delivered", receipts::delivered, PERSON);
        routes.post("/v1/receipts", receipts::many, PERSON);
        routes.get("/v1/conversations/{conversation}/messages/{seq}/receipts", receipts::seenBy, PERSON);
        routes.get("/v1/users/me/unread", receipts::unread, PERSON);
    }

    private static void install(RoutesConfig routes, ExportRoutes export) {
        routes.get("/v1/users/me/export", export::export, PERSON);
    }

    private static void install(RoutesConfig routes, TypingRoutes typing) {
        routes.post("/v1/conversations/{conversation}/typing", typing::started, PERSON);
    }

    private static void install(RoutesConfig routes, PresenceRoutes presence) {
        routes.get("/v1/presence", presence::list, PERSON);
        routes.get("/v1/presence/me", presence::mine, PERSON);
        routes.put("/v1/presence/me", presence::choose, PERSON);
    }

    private static void install(RoutesConfig routes, DeviceRoutes devices, PushPreferenceRoutes preferences) {
        routes.get("/v1/devices", devices::list, PERSON);
        routes.put("/v1/devices/{device}", devices::put, PERSON);
        routes.delete("/v1/devices/{device}", devices::remove, PERSON);
        routes.post("/v1/devices/{device}/state", devices::state, PERSON);
        routes.post("/v1/devices/{device}/test", devices::test, PERSON);
        routes.get("/v1/web-push-key", devices::key, ANYONE);
        routes.get("/v1/users/me/notifications", preferences::get, PERSON);
        routes.put("/v1/users/me/notifications", preferences::choose, PERSON);
    }

    private static void install(RoutesConfig routes, SearchRoutes search) {
        routes.get("/v1/search/messages", search::messages, PERSON);
    }
}
