package chat.parley.bench;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** What another JVM has allocated since its start, all threads together, as it counts itself. */
final class Allocations implements AutoCloseable {
    private final JMXConnector connector;
    private final MBeanServerConnection beans;
    private final ObjectName threads;

    private Allocations(JMXConnector connector) throws IOException, JMException {
        this.connector = connector;
        this.beans = connector.getMBeanServerConnection();
        this.threads = new ObjectName("java.lang:type=Threading");
    }

    @SuppressWarnings("BanJNDI") // the address is a process of our own, on this machine
    static Allocations of(long pid) throws IOException, JMException, AttachNotSupportedException {
        var machine = VirtualMachine.attach(Long.toString(pid));
        try {
            return new Allocations(JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent())));
        } finally {
            machine.detach();
        }
    }

    /** Asking allocates some KB there. */
    long bytes() throws IOException, JMException {
        return (long) beans.getAttribute(threads, "TotalThreadAllocatedBytes");
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
