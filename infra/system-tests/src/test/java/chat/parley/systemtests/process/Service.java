package chat.parley.systemtests.process;

/** The three services: their mains, and the setting that names the port on which each answers {@code /readyz}. */
public enum Service {
    SEND_API("chat.parley.sendapi.SendApi", "PARLEY_PORT"),
    STREAM("chat.parley.stream.StreamService", "PARLEY_PORT"),
    /** Serves nobody but operators. */
    NOTIFIER("chat.parley.notifier.Notifier", "PARLEY_METRICS_PORT");

    private final String mainClass;
    private final String portSetting;

    Service(String mainClass, String portSetting) {
        this.mainClass = mainClass;
        this.portSetting = portSetting;
    }

    String mainClass() {
        return mainClass;
    }

    String portSetting() {
        return portSetting;
    }
}
