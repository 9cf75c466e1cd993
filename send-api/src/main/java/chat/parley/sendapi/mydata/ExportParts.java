package chat.parley.sendapi.mydata;

import chat.parley.account.Accounts;
import chat.parley.account.UserJson;
import chat.parley.conversation.OwnMemberships;
import chat.parley.conversation.OwnMemberships.Own;
import chat.parley.id.ConversationId;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaItem;
import chat.parley.media.MediaJson;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageJson;
import chat.parley.message.MessageStore;
import chat.parley.message.OwnReaction;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.Devices;
import chat.parley.push.PushChoices;
import chat.parley.safety.Blocks;
import chat.parley.safety.OwnSafety;
import chat.parley.sendapi.device.DeviceJson;
import chat.parley.sendapi.device.PushPreferenceRoutes;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What there is to be exported of a person, owner by owner. */
public final class ExportParts {
    private static final int PAGE = 200;

    private ExportParts() {}

    /** The profile, and the devices that are logged in. */
    public static ExportPart account(Accounts accounts) {
        return (user, lines) -> {
            var found = accounts.users().find(user);
            if (found.isPresent()) {
                lines.line("user", json -> UserJson.write(found.get(), json));
            }
            for (var session : accounts.sessions().of(user)) {
                lines.line("session", json -> {
                    json.writeStartObject();
                    json.writeStringField("id", session.id().toString());
                    json.writeStringField("created_at", JsonText.time(session.createdAt()));
                    json.writeStringField("last_used_at", JsonText.time(session.lastUsedAt()));
                    if (session.userAgent() != null) {
                        json.writeStringField("user_agent", session.userAgent());
                    }
                    json.writeEndObject();
                });
            }
        };
    }

    /** Each conversation that the person is or was in, followed by what they sent there, in the bytes of history, and what that said before edits. */
    public static ExportPart conversations(OwnMemberships memberships, MessageStore messages) {
        return (user, lines) -> {
            var last = new ConversationId(0);
            List<Own> page;
            do {
                page = memberships.page(user, last, PAGE);
                for (var own : page) {
                    last = own.conversation();
                    lines.line("membership", json -> writeMembership(own, json));
                    writeSent(user, last, messages, lines);
                }
            } while (page.size() == PAGE);
        };
    }

    private static void writeSent(UserId user, ConversationId conversation, MessageStore messages, ExportLines lines)
            throws IOException {
        long last = 0;
        List<Message> page;
        do {
            page = messages.sentBy(user, conversation, last, PAGE);
            for (var message : page) {
                last = message.seq();
                if (message.body().type() == MessageBody.Type.SYSTEM) {
                    continue; // a notice of ours about them
                }
                lines.line("message", json -> MessageJson.write(message, json));
                if (message.state().editedAt() != null && !message.isDeleted()) {
                    writeVersions(message, messages, lines);
                }
            }
        } while (page.size() == PAGE);
    }

    private static void writeVersions(Message message, MessageStore messages, ExportLines lines) throws IOException {
        for (var version : messages.versions(message.conversation(), message.seq())) {
            lines.line("version", json -> {
                json.writeStartObject();
                json.writeStringField("conversation_id", message.conversation().toString());
                json.writeNumberField("seq", message.seq());
                json.writeNumberField("revision", version.revision());
                MessageJson.writeBody(version.body(), json);
                json.writeStringField("since", JsonText.time(version.since()));
                json.writeEndObject();
            });
        }
    }

    private static void writeMembership(Own own, JsonGenerator json) throws IOException {
        var member = own.state().member();
        json.writeStartObject();
        json.writeStringField("conversation_id", own.conversation().toString());
        json.writeStringField("type", own.type().name().toLowerCase(Locale.ROOT));
        if (own.name() != null) {
            json.writeStringField("name", own.name());
        }
        json.writeStringField("role", member.role().text());
        if (own.mutedUntil() != null) {
            json.writeStringField("muted_until", JsonText.time(own.mutedUntil()));
        }
        json.writeStringField("notifications", own.notifications());
        json.writeStringField("joined_at", JsonText.time(member.joinedAt()));
        json.writeNumberField("joined_seq", member.joinedSeq());
        json.writeNumberField("read_seq", member.readSeq());
        json.writeNumberField("delivered_seq", member.deliveredSeq());
        var left = own.state().left();
        if (left != null) {
            json.writeStringField("left_at", JsonText.time(left.at()));
            json.writeNumberField("left_seq", left.seq());
        }
        json.writeEndObject();
    }

    /** What the person reacted to, and how. */
    public static ExportPart reactions(MessageStore messages) {
        return (user, lines) -> {
            OwnReaction last = null;
            List<OwnReaction> page;
            do {
                page = messages.reactionsOf(user, last, PAGE);
                for (var reaction : page) {
                    last = reaction;
                    lines.line("reaction", json -> {
                        json.writeStartObject();
                        json.writeStringField(
                                "conversation_id", reaction.conversation().toString());
                        json.writeNumberField("seq", reaction.seq());
                        json.writeStringField("emoji", reaction.emoji());
                        json.writeStringField("created_at", JsonText.time(reaction.createdAt()));
                        json.writeEndObject();
                    });
                }
            } while (page.size() == PAGE);
        };
    }

    /** How the person wants to appear. */
    public static ExportPart presence(PresenceLeases leases) {
        return (user, lines) -> {
            var choice = leases.choice(user);
            lines.line("presence", json -> {
                json.writeStartObject();
                json.writeStringField("status", choice.chosen().text());
                if (choice.text() != null && !choice.text().isEmpty()) {
                    json.writeStringField("text", choice.text());
                }
                json.writeEndObject();
            });
        };
    }

    /** Where the person can be woken, without the secrets by which that is done, and how they want to be. */
    public static ExportPart devices(Devices devices, PushChoices choices) {
        return (user, lines) -> {
            for (var device : devices.of(user)) {
                lines.line("device", json -> DeviceJson.write(device, json));
            }
            var preferences = choices.of(user);
            lines.line("notifications", json -> PushPreferenceRoutes.write(preferences, json));
        };
    }

    /** Whom the person blocks, and what they reported. */
    public static ExportPart safety(Blocks blocks, OwnSafety safety) {
        return (user, lines) -> {
            Blocks.Position last = null;
            List<Blocks.Block> page;
            do {
                page = blocks.list(user, last, PAGE);
                for (var block : page) {
                    last = new Blocks.Position(block.at(), block.user());
                    lines.line("block", json -> {
                        json.writeStartObject();
                        json.writeStringField("user_id", block.user().toString());
                        json.writeStringField("blocked_at", JsonText.time(block.at()));
                        json.writeEndObject();
                    });
                }
            } while (page.size() == PAGE);
            writeReports(user, safety, lines);
        };
    }

    private static void writeReports(UserId user, OwnSafety safety, ExportLines lines) throws IOException {
        var conversation = new ConversationId(0);
        long seq = 0;
        List<OwnSafety.Filed> page;
        do {
            page = safety.filed(user, conversation, seq, PAGE);
            for (var filed : page) {
                conversation = filed.conversation();
                seq = filed.seq();
                lines.line("report", json -> {
                    json.writeStartObject();
                    json.writeStringField(
                            "conversation_id", filed.conversation().toString());
                    json.writeNumberField("seq", filed.seq());
                    json.writeStringField("reason", filed.reason().text());
                    json.writeStringField("note", filed.note());
                    json.writeStringField("reported_at", JsonText.time(filed.at()));
                    json.writeEndObject();
                });
            }
        } while (page.size() == PAGE);
    }

    /** Uploads; their bytes are fetched each by its address. */
    public static ExportPart media(MediaCatalog catalog) {
        return (user, lines) -> {
            var last = new MediaId(0);
            List<MediaItem> page;
            do {
                page = catalog.ownedBy(user, last, PAGE);
                for (var item : page) {
                    last = item.id();
                    lines.line("media", json -> MediaJson.write(item, json));
                }
            } while (page.size() == PAGE);
        };
    }
}
