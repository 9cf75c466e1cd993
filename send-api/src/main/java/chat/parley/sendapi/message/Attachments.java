package chat.parley.sendapi.message;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaItem;
import chat.parley.media.MediaJson;
import chat.parley.message.MessageBody;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Body;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a message carries besides words: media that its sender uploaded, named by id in the request and told whole in the message. */
public final class Attachments {
    /** As many as a screen shows at once. */
    static final int MEDIA_MAX = 10;

    private static final String FIELD = "media_ids";

    private final MediaCatalog catalog;

    /** Looks them up there. */
    public Attachments(MediaCatalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Media of one message.
     *
     * @param json as the message tells of them; null where it carries none
     */
    record Carried(MessageBody.Type type, @Nullable String json) {
        static final Carried NONE = new Carried(MessageBody.Type.TEXT, null);
    }

    /** The ids that a request names, each once. */
    static List<MediaId> ids(Body body) {
        var ids = new LinkedHashSet<MediaId>();
        for (String text : body.texts(FIELD, MEDIA_MAX)) {
            try {
                ids.add(MediaId.parse(text));
            } catch (IllegalArgumentException e) {
                body.complain(FIELD, "not_an_id");
                return List.of();
            }
        }
        return List.copyOf(ids);
    }

    /** Whether {@code type} can be that of a message with, or without, media. */
    static boolean fits(@Nullable String type, boolean hasMedia) {
        return type == null || (hasMedia ? type.equals("image") || type.equals("file") : type.equals("text"));
    }

    /**
     * Looks up what {@code sender} names; what is not theirs is as unknown as what does not exist.
     *
     * @param type as the request says, null where it does not
     */
    Carried carried(UserId sender, List<MediaId> ids, @Nullable String type) {
        if (ids.isEmpty()) {
            return Carried.NONE;
        }
        var found = catalog.hold(sender, ids);
        var errors = new ArrayList<Problem.FieldError>();
        var items = new ArrayList<MediaItem>();
        for (int i = 0; i < ids.size(); i++) {
            var item = found.get(ids.get(i));
            if (item == null) {
                errors.add(new Problem.FieldError("/" + FIELD + "/" + i, "unknown_media"));
            } else {
                items.add(item);
            }
        }
        boolean arePictures = items.stream().allMatch(MediaItem::isPicture);
        if (errors.isEmpty() && "image".equals(type) && !arePictures) {
            errors.add(new Problem.FieldError("/type", "not_all_pictures"));
        }
        if (!errors.isEmpty()) {
            throw ProblemException.fields(Fault.INVALID_FIELD, errors);
        }
        boolean isImage = arePictures && !"file".equals(type);
        return new Carried(isImage ? MessageBody.Type.IMAGE : MessageBody.Type.FILE, json(items));
    }

    private static String json(List<MediaItem> items) {
        return new String(
                JsonText.bytes(json -> {
                    json.writeStartArray();
                    for (var item : items) {
                        MediaJson.write(item, json);
                    }
                    json.writeEndArray();
                }),
                StandardCharsets.UTF_8);
    }
}
