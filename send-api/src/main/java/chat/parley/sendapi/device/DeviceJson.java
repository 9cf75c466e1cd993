package chat.parley.sendapi.device;

import chat.parley.json.JsonText;
import chat.parley.push.Device;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A device as its person sees it. Never with its target: who has that can wake the device. */
public final class DeviceJson {
    private DeviceJson() {}

    /** Writes the object. */
    public static void write(Device device, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", device.id().text());
        json.writeStringField("vendor", device.target().vendor().text());
        json.writeStringField("locale", device.locale().toLanguageTag());
        json.writeStringField("state", device.state().text());
        json.writeStringField("registered_at", JsonText.time(device.registeredAt()));
        json.writeEndObject();
    }
}
